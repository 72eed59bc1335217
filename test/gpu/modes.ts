import type { Mode } from "../../src/gpu/index.js";

/** The modes under test: those that every machine has, or what KRONFAC_GPU says. */
export const modes = (process.env.KRONFAC_GPU ?? "cpu,webasm").split(",") as Mode[];

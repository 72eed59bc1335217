import type { Backend } from "./backend.js";
import { cpu } from "./cpu/index.js";

let choose: () => Backend = cpu;

/** Where tensors go that name no backend. */
export function defaultBackend(): Backend {
  return choose();
}

/** Makes another backend the one that tensors go to unless they name one. */
export function setDefaultBackend(backend: Backend | (() => Backend)): void {
  choose = typeof backend === "function" ? backend : () => backend;
}

import type { ReduceOperation } from "../../tensor/backend.js";
import type { Program } from "../program.js";
import type { Launcher, Resident } from "../resident.js";
import { fill } from "./movement.js";

/** Elements that one thread reduces; longer lines are reduced in rounds, in the same order for every shape and device. */
const CHUNK = 128;

const parameters = { a: "array", length: "integer", inner: "integer", chunk: "integer" } as const;

/** out[z, y, x] over chunk y of line [z, ·, x]. */
function chunked(name: string, start: string, next: string): Program {
  return {
    name,
    rank: 3,
    parameters,
    body: `
      const first = this.thread.y * chunk;
      const at = (this.thread.z * length + first) * inner + this.thread.x;
      ${start}
      for (let i = 0; i < chunk; i++) { if (first + i < length) { const v = a[at + i * inner]; ${next} } }
      return y;`,
  };
}

const programs: Readonly<Record<ReduceOperation, Program>> = {
  sum: chunked("sum", "let y = 0.5; y = 0;", "y = y + v;"),
  // The sum is NaN where either is, and then neither comparison holds.
  max: chunked("max", "let y = a[at];", "let t = y + v; if (v > y) { t = v; } else if (y >= v) { t = y; } y = t;"),
  argmax: chunked("argmax", "let best = a[at]; let y = 0.5; y = 0;", "if (v > best) { best = v; y = i; }"),
};

/** 1 for each element that is NaN or infinite, counted. */
const faulty = chunked(
  "faults",
  "let y = 0.5; y = 0;",
  "if (Math.abs(v) <= 3.4028234e38) { y = y + 0; } else { y = y + 1; }",
);

export function reduce(
  run: Launcher,
  operation: ReduceOperation,
  x: Resident,
  outer: number,
  length: number,
  inner: number,
): Resident {
  if (length === 0) return fill(run, outer * inner, 0);
  if (operation === "argmax") return run.launch(programs.argmax, [x, length, inner, length], [inner, 1, outer]);
  return rounds(run, programs[operation], programs[operation], x, outer, length, inner);
}

/** How many elements of x are not finite. */
export function faults(run: Launcher, x: Resident, length: number): Resident {
  return rounds(run, faulty, programs.sum, x, 1, length, 1);
}

/** Σ over chunk x of p ⊙ q */
const products: Program = {
  name: "dot",
  rank: 1,
  parameters: { p: "array", q: "array", length: "integer", chunk: "integer" },
  body: `
    const first = this.thread.x * chunk;
    let y = 0.5;
    y = 0;
    for (let i = 0; i < chunk; i++) { if (first + i < length) { y = y + p[first + i] * q[first + i]; } }
    return y;`,
};

export function dot(run: Launcher, a: Resident, b: Resident, length: number): Resident {
  if (length === 0) return fill(run, 1, 0);
  const count = Math.ceil(length / CHUNK);
  const partial = run.launch(products, [a, b, length, CHUNK], [count]);
  if (count === 1) return partial;
  return run.consuming([partial], () => reduce(run, "sum", partial, 1, count, 1));
}

/** The first round by one program, and those over its results by another. */
function rounds(
  run: Launcher,
  first: Program,
  rest: Program,
  x: Resident,
  outer: number,
  length: number,
  inner: number,
): Resident {
  const count = Math.ceil(length / CHUNK);
  const partial = run.launch(first, [x, length, inner, CHUNK], [inner, count, outer]);
  if (count === 1) return partial;
  return run.consuming([partial], () => rounds(run, rest, rest, partial, outer, count, inner));
}

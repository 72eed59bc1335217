import type { ReduceOperation } from "../../tensor/backend.js";
import { sourceOf } from "../expression.js";
import type { Launcher } from "../launcher.js";
import { programNamed } from "../program.js";
import type { Resident } from "../resident.js";
import { binaryFunctions } from "./functions.js";

/** Elements that one thread reduces; longer lines are reduced in rounds, in the same order for every shape and device. */
const CHUNK = 128;

/** How a thread reduces its chunk: `next` takes element i, which is v, into what is found so far, which is 0 before. */
interface Reduction {
  readonly name: string;
  readonly next: string;
}

const reductions: Readonly<Record<ReduceOperation, Reduction>> = {
  sum: { name: "sum", next: "found = found + v;" },
  // The sum is NaN where either is, and then neither comparison holds.
  max: {
    name: "max",
    next: `
      let larger = found + v;
      if (v > found) { larger = v; } else if (found >= v) { larger = found; }
      if (i === 0) { larger = v; }
      found = larger;`,
  },
  argmax: { name: "argmax", next: "if (i === 0) { best = v; } if (v > best) { best = v; found = i; }" },
};

/** 1 for each element that is NaN or infinite, counted. */
const faulty: Reduction = {
  name: "faults",
  next: "if (Math.abs(v) <= 3.4028234e38) { found = found + 0; } else { found = found + 1; }",
};

export function reduce(
  run: Launcher,
  operation: ReduceOperation,
  x: Resident,
  outer: number,
  length: number,
  inner: number,
): Resident {
  if (length === 0) return run.fill([outer, inner], 0);
  const reduction = reductions[operation];
  if (operation === "argmax") return chunked(run, reduction, x, outer, length, inner, length);
  return rounds(run, reduction, reduction, x, outer, length, inner);
}

/** How many elements of x are not finite. */
export function faults(run: Launcher, x: Resident, length: number): Resident {
  return rounds(run, faulty, reductions.sum, x, 1, length, 1);
}

/** Σ a ⊙ b; the product is computed as it is summed. */
export function dot(run: Launcher, a: Resident, b: Resident, length: number): Resident {
  const product = run.defer(binaryFunctions.mul, [a, b], length);
  return run.consuming([product], () => reduce(run, "sum", product, 1, length, 1));
}

/** The first round by one reduction, and those over its results by another. */
function rounds(
  run: Launcher,
  first: Reduction,
  rest: Reduction,
  x: Resident,
  outer: number,
  length: number,
  inner: number,
): Resident {
  const partial = chunked(run, first, x, outer, length, inner, CHUNK);
  const count = Math.ceil(length / CHUNK);
  if (count === 1) return partial;
  return run.consuming([partial], () => rounds(run, rest, rest, partial, outer, count, inner));
}

/** One value for every chunk of every line [outer, ·, inner]; what x is computed from is computed as it is reduced. */
function chunked(
  run: Launcher,
  { name, next }: Reduction,
  x: Resident,
  outer: number,
  length: number,
  inner: number,
  chunk: number,
): Resident {
  const count = Math.ceil(length / chunk);
  const { axes, coordinates, start, output } = layout(outer, length, inner, count);
  const { expression, args } = run.along(axes, x);
  const program = programNamed(`${name} of ${expression.name}-${axes.length}`, (full) => {
    const { parameters, statements, value } = sourceOf(expression, coordinates);
    return {
      name: full,
      rank: axes.length,
      parameters: { ...parameters, length: "integer", chunk: "integer" },
      body: `
      const first = this.thread.${start} * chunk;
      let best = 0.5;
      let found = 0.5;
      found = 0;
      for (let i = 0; i < chunk; i++) { if (first + i < length) { ${statements} const v = ${value}; ${next} } }
      return found;`,
    };
  });
  return run.launch(program, [...args, length, chunk], output);
}

/** How a reduction is laid out: neighbouring threads have neighbouring elements where there are such, or else neighbouring chunks. */
interface Layout {
  readonly axes: readonly [number] | readonly [number, number] | readonly [number, number, number];
  /** Element i of a chunk along these axes. */
  readonly coordinates: readonly string[];
  /** The thread's axis along which the chunks are. */
  readonly start: "x" | "y";
  readonly output: readonly number[];
}

function layout(outer: number, length: number, inner: number, count: number): Layout {
  const along = "(first + i)";
  if (inner > 1)
    return {
      axes: [outer, length, inner],
      coordinates: ["this.thread.z", along, "this.thread.x"],
      start: "y",
      output: [inner, count, outer],
    };
  if (outer > 1)
    return { axes: [outer, length], coordinates: ["this.thread.y", along], start: "x", output: [count, outer] };
  return { axes: [length], coordinates: [along], start: "x", output: [count] };
}

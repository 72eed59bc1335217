import type { Link, Operand } from "../../tensor/backend.js";
import type { Block } from "../heap.js";
import { address, type Runtime } from "../runtime.js";

/** What the kernel `crossEntropy` computes, by its number there. */
const LOSS = { sigmoid: 0, softmax: 2 };
const GRADIENT = { sigmoid: 1, softmax: 3 };
const SOFTMAX = 4;

/** Multiplications that take as long as one element. */
const COST = 60;
const JOB_BYTES = 64;

/** L of every row: [rows]. */
export function crossEntropy(
  runtime: Runtime,
  link: Link,
  z: Operand,
  t: Operand,
  rows: number,
  classes: number,
): Block {
  const out = runtime.allocate(rows, z.dtype);
  compute(runtime, LOSS[link], z, rows, classes, address(t), 0, out);
  return out;
}

/** g ⊙ (p − t): [rows, classes]. */
export function crossEntropyGradient(
  runtime: Runtime,
  link: Link,
  z: Operand,
  t: Operand,
  g: Operand,
  rows: number,
  classes: number,
): Block {
  const out = runtime.allocate(rows * classes, z.dtype);
  compute(runtime, GRADIENT[link], z, rows, classes, address(t), address(g), out);
  return out;
}

/** p = softmax(x) of every row. */
export function softmax(runtime: Runtime, x: Operand, rows: number, classes: number): Block {
  const out = runtime.allocate(rows * classes, x.dtype);
  compute(runtime, SOFTMAX, x, rows, classes, 0, 0, out);
  return out;
}

function compute(
  runtime: Runtime,
  operation: number,
  z: Operand,
  rows: number,
  classes: number,
  t: number,
  g: number,
  out: Block,
): void {
  const work = rows * classes * COST;
  const scratch = runtime.scratch(JOB_BYTES);
  runtime.share(work, "crossEntropy", z.dtype, operation, rows, classes, address(z), t, g, out.address, scratch);
}

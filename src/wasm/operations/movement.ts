import type { Operand } from "../../tensor/backend.js";
import { bytesPerElement, type DType } from "../../tensor/dtype.js";
import { broadcastStrides, size, strides, type Shape } from "../../tensor/shape.js";
import type { Block } from "../heap.js";
import { address, type Runtime } from "../runtime.js";
import { planes } from "./planes.js";

export function fill(runtime: Runtime, shape: Shape, dtype: DType, value: number): Block {
  const out = runtime.allocate(size(shape), dtype);
  runtime.call("fill", dtype, size(shape), value, out.address);
  return out;
}

export function convert(runtime: Runtime, x: Operand, dtype: DType): Block {
  if (x.dtype === dtype) return strided(runtime, x, 0, strides(x.shape), x.shape);
  const out = runtime.allocate(size(x.shape), dtype);
  runtime.call("convert", x.dtype, size(x.shape), address(x), out.address);
  return out;
}

export function broadcast(runtime: Runtime, x: Operand, shape: Shape): Block {
  return strided(runtime, x, 0, broadcastStrides(x.shape, shape), shape);
}

export function permute(runtime: Runtime, x: Operand, axes: readonly number[]): Block {
  const own = strides(x.shape);
  const steps = axes.map((axis) => own[axis]);
  const shape = axes.map((axis) => x.shape[axis]);
  return strided(runtime, x, 0, steps, shape);
}

export function slice(runtime: Runtime, x: Operand, starts: readonly number[], shape: Shape): Block {
  const steps = strides(x.shape);
  const start = starts.reduce((total, at, axis) => total + at * steps[axis], 0);
  return strided(runtime, x, start, steps, shape);
}

/** Each operand is a matrix [outer, its length · inner], copied side by side. */
export function concatenate(runtime: Runtime, xs: readonly Operand[], axis: number, shape: Shape): Block {
  const { dtype } = xs[0];
  const outer = size(shape.slice(0, axis));
  const row = size(shape.slice(axis));
  const out = runtime.allocate(outer * row, dtype);
  let to = out.address;
  for (const x of xs) {
    const run = size(x.shape.slice(axis));
    runtime.call("copy", dtype, outer, run, address(x), run, 1, to, row);
    to += run * bytesPerElement(dtype);
  }
  return out;
}

export function gather(runtime: Runtime, x: Operand, indices: readonly number[]): Block {
  const run = size(x.shape.slice(1));
  const out = runtime.allocate(indices.length * run, x.dtype);
  const scratch = runtime.scratch(4 * indices.length);
  new Int32Array(runtime.heap.memory.buffer, scratch, indices.length).set(indices);
  runtime.call("gather", x.dtype, indices.length, run, address(x), scratch, out.address);
  return out;
}

/** Elements start, start + steps · index, … of x in row-major order of `shape`. */
function strided(runtime: Runtime, x: Operand, start: number, steps: readonly number[], shape: Shape): Block {
  const out = runtime.allocate(size(shape), x.dtype);
  if (size(shape) === 0) return out;
  const bytes = bytesPerElement(x.dtype);
  const first = address(x) + start * bytes;
  let to = out.address;
  for (const { rows, columns, starts, rowSteps, columnSteps } of planes(shape, [steps])) {
    const from = first + starts[0] * bytes;
    runtime.call("copy", x.dtype, rows, columns, from, rowSteps[0], columnSteps[0], to, columns);
    to += rows * columns * bytes;
  }
  return out;
}

import { dtypeOf, zeros, type DType, type FloatArray } from "../dtype.js";
import { broadcastStrides, size, strides, type Shape } from "../shape.js";

/** x stretched to `shape`, or with its axes permuted: result axis i walks x with the stride of axis axes[i]. */
export function strided(x: FloatArray, from: Shape, shape: Shape, axes?: readonly number[]): FloatArray {
  const own = strides(from);
  const steps = axes === undefined ? broadcastStrides(from, shape) : axes.map((axis) => own[axis]);
  return walk(x, 0, steps, shape);
}

/** The box of `shape` that starts at `starts`. */
export function box(x: FloatArray, from: Shape, starts: readonly number[], shape: Shape): FloatArray {
  const steps = strides(from);
  const start = starts.reduce((total, at, axis) => total + at * steps[axis], 0);
  return walk(x, start, steps, shape);
}

/** Each operand is [outer, its length · inner]; the result interleaves those rows. */
export function concatenate(
  xs: readonly FloatArray[],
  lengths: readonly number[],
  axis: number,
  shape: Shape,
  dtype: DType,
): FloatArray {
  const outer = size(shape.slice(0, axis));
  const inner = size(shape.slice(axis + 1));
  const out = zeros(dtype, size(shape));
  let at = 0;
  for (let row = 0; row < outer; row++)
    xs.forEach((x, i) => {
      const run = lengths[i] * inner;
      out.set(x.subarray(row * run, (row + 1) * run), at);
      at += run;
    });
  return out;
}

export function gather(x: FloatArray, run: number, indices: readonly number[]): FloatArray {
  const out = zeros(dtypeOf(x), indices.length * run);
  indices.forEach((index, i) => {
    out.set(x.subarray(index * run, (index + 1) * run), i * run);
  });
  return out;
}

/** Copies x, read from `start` with `steps`, into row-major order. */
function walk(x: FloatArray, start: number, steps: readonly number[], shape: Shape): FloatArray {
  const out = zeros(dtypeOf(x), size(shape));
  if (out.length === 0) return out;
  const last = shape.length - 1;
  const length = shape[last] ?? 1;
  const step = steps[last] ?? 0;
  const index = shape.map(() => 0);
  let from = start;
  for (let at = 0; at < out.length; at += length) {
    for (let j = 0; j < length; j++) out[at + j] = x[from + j * step];
    for (let axis = last - 1; axis >= 0; axis--) {
      index[axis]++;
      from += steps[axis];
      if (index[axis] < shape[axis]) break;
      from -= steps[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

import { placementOf } from "./placement.js";
import { broadcastShapes, format, isShape, sameShape, size, type Shape } from "./shape.js";
import { Tensor, share, view } from "./tensor.js";

/**
 * The same elements in the same order under another shape; one length may be −1 and is then inferred. No copy.
 * @throws RangeError where the element counts differ.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = size(shape.filter((length) => length !== -1));
  const resolved = shape.map((length) => (length === -1 ? size(x.shape) / known : length));
  const inferred = shape.filter((length) => length === -1).length;
  if (inferred > 1 || !isShape(resolved) || size(resolved) !== size(x.shape))
    throw new RangeError(
      `reshape: ${format(x.shape)} has ${size(x.shape)} elements, which do not fit ${format(shape)}`,
    );
  return view(x, resolved);
}

/** Axis i of the result is axis axes[i] of x. @throws RangeError where axes is no permutation. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  if (
    !sameShape(
      [...axes].sort((p, q) => p - q),
      [...x.shape.keys()],
    )
  )
    throw new RangeError(`transpose: [${axes.join(", ")}] is no permutation of the axes of ${format(x.shape)}`);
  if (axes.every((axis, i) => axis === i)) return share(x);
  return new Tensor(
    axes.map((axis) => x.shape[axis]),
    x.dtype,
    x.backend,
    x.backend.permute(x, axes),
  );
}

/** Xᵀ: the axes reversed, or as named. */
export function transpose(x: Tensor, axes: readonly number[] = [...x.shape.keys()].reverse()): Tensor {
  return permute(x, axes);
}

/** x with axes of length 1 (and missing leading axes) stretched. @throws RangeError where it does not stretch to the shape. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return share(x);
  if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape))
    throw new RangeError(`broadcastTo: ${format(x.shape)} does not stretch to ${format(shape)}`);
  return new Tensor([...shape], x.dtype, x.backend, x.backend.broadcast(x, shape));
}

/** One axis of a box: its half-open range, or null for the whole axis. */
export type Range = readonly [start: number, end: number] | null;

/**
 * The box that the ranges cut out; axes without a range stay whole. Leading rows are a view, not a copy.
 * @throws RangeError for a range that leaves the axis.
 */
export function slice(x: Tensor, ranges: readonly Range[]): Tensor {
  if (ranges.length > x.shape.length)
    throw new RangeError(`slice: ${ranges.length} ranges for the ${x.shape.length} axes of ${format(x.shape)}`);
  const starts = x.shape.map((_, axis) => ranges[axis]?.[0] ?? 0);
  const shape = x.shape.map((length, axis) => (ranges[axis]?.[1] ?? length) - starts[axis]);
  x.shape.forEach((length, axis) => {
    const start = starts[axis];
    if (
      !Number.isInteger(start) ||
      start < 0 ||
      !Number.isInteger(shape[axis]) ||
      shape[axis] < 0 ||
      start + shape[axis] > length
    )
      throw new RangeError(`slice: [${start}, ${start + shape[axis]}) leaves axis ${axis} of ${format(x.shape)}`);
  });
  if (sameShape(shape, x.shape)) return share(x);
  if (x.backend.views && shape.every((length, axis) => axis === 0 || length === x.shape[axis]))
    return view(x, shape, starts[0] * size(shape.slice(1)));
  return new Tensor(shape, x.dtype, x.backend, x.backend.slice(x, starts, shape));
}

/** Rows 0 … n−1: [m, …] → [n, …]. */
export function leadingRows(x: Tensor, n: number): Tensor {
  return slice(x, [[0, n]]);
}

/** Tensors one after the other along an axis. @throws RangeError where another axis differs. */
export function concatenate(xs: readonly Tensor[], axis = 0): Tensor {
  const { backend, dtype } = placementOf("concatenate", xs);
  const first = xs[0].shape;
  if (!Number.isInteger(axis) || axis < 0 || axis >= first.length)
    throw new RangeError(`concatenate: axis ${axis} does not exist in ${format(first)}`);
  for (const x of xs)
    if (x.shape.length !== first.length || x.shape.some((length, i) => i !== axis && length !== first[i]))
      throw new RangeError(`concatenate: ${format(first)} and ${format(x.shape)} differ off axis ${axis}`);
  const shape = first.map((length, i) => (i === axis ? xs.reduce((total, x) => total + x.shape[axis], 0) : length));
  return new Tensor(shape, dtype, backend, backend.concatenate(xs, axis, shape));
}

/** Rows of x in the order of the indices: [n, …] → [indices.length, …]. @throws RangeError for an index outside 0 … n−1. */
export function gather(x: Tensor, indices: ArrayLike<number>): Tensor {
  if (x.shape.length === 0) throw new RangeError("gather: a scalar has no rows");
  const list = Array.from(indices);
  for (const index of list)
    if (!Number.isInteger(index) || index < 0 || index >= x.shape[0])
      throw new RangeError(`gather: row ${index} does not exist in ${format(x.shape)}`);
  return new Tensor([list.length, ...x.shape.slice(1)], x.dtype, x.backend, x.backend.gather(x, list));
}

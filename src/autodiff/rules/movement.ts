import { oneHot, zeros } from "../../tensor/create.js";
import * as tensor from "../../tensor/operations.js";
import { size, type Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { apply, type Pass } from "../variable.js";
import { broadcastTo, reshape } from "./broadcast.js";
import { matmul } from "./products.js";

export { broadcastTo, reshape };

/** Xᵀ: the axes reversed, or axis i of the result axis axes[i] of x. */
export function transpose(x: Tensor, axes: readonly number[] = [...x.shape.keys()].reverse()): Tensor {
  const inverse = axes.map((_, i) => axes.indexOf(i));
  return apply(
    {
      name: "transpose",
      value: (x: Tensor) => tensor.permute(x, axes),
      vjp: [(g) => transpose(g, inverse)],
      jvp: [(v) => transpose(v, axes)],
      cases: [axes[0] === 0],
    },
    x,
  );
}

/** The box that the ranges cut out; axes without a range stay whole. */
export function slice(x: Tensor, ranges: readonly tensor.Range[]): Tensor {
  const proper = ranges.map((range, axis) => (range?.[0] === 0 && range[1] === x.shape[axis] ? null : range));
  return apply(
    {
      name: "slice",
      value: (x: Tensor) => tensor.slice(x, proper),
      vjp: [
        (g, y, x: Tensor) =>
          embed(
            g,
            x.shape.map((_, axis) => proper[axis]?.[0] ?? 0),
            x.shape,
          ),
      ],
      jvp: [(v) => slice(v, proper)],
      cases: [(proper[0] ?? null) === null],
    },
    x,
  );
}

/** Zeros of `shape` with x as the box that starts at `starts`: the transpose of slicing. */
export function embed(x: Tensor, starts: readonly number[], shape: Shape): Tensor {
  let y = x;
  shape.forEach((length, axis) => {
    const before = starts[axis];
    const after = length - before - y.shape[axis];
    const padding = (extent: number) =>
      zeros(
        y.shape.map((l, i) => (i === axis ? extent : l)),
        y,
      );
    const parts = [...(before > 0 ? [padding(before)] : []), y, ...(after > 0 ? [padding(after)] : [])];
    if (parts.length > 1) y = concatenate(parts, axis);
  });
  return y;
}

/** Tensors one after the other along an axis. */
export function concatenate(xs: readonly Tensor[], axis = 0): Tensor {
  let end = 0;
  const starts = xs.map((x) => (end += x.shape[axis]) - x.shape[axis]);
  const part = (i: number): tensor.Range[] => [
    ...new Array<null>(axis).fill(null),
    [starts[i], starts[i] + xs[i].shape[axis]],
  ];
  return apply(
    {
      name: "concatenate",
      value: (...xs: Tensor[]) => tensor.concatenate(xs, axis),
      vjp: xs.map(
        (_, i): Pass =>
          (g) =>
            slice(g, part(i)),
      ),
      jvp: xs.map(
        (_, i): Pass =>
          (v, y) =>
            embed(
              v,
              y.shape.map((_, a) => (a === axis ? starts[i] : 0)),
              y.shape,
            ),
      ),
      cases: xs.map(() => axis !== 0),
    },
    ...xs,
  );
}

/** Rows of x in the order of the indices: [n, …] → [indices.length, …]. */
export function gather(x: Tensor, indices: ArrayLike<number>): Tensor {
  const list = Array.from(indices);
  return apply(
    {
      name: "gather",
      value: (x: Tensor) => tensor.gather(x, list),
      vjp: [
        (g, y, x: Tensor) => {
          const rows = reshape(g, [list.length, size(g.shape.slice(1))]);
          return reshape(matmul(oneHot(list, x.shape[0], g), rows, { transposeA: true }), x.shape);
        },
      ],
      jvp: [(v) => gather(v, list)],
    },
    x,
  );
}

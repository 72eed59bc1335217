import * as tensor from "../../tensor/operations.js";
import { resolveAxes, sameShape, size, type Axes, type Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { apply } from "../variable.js";

/** Stretching and summing are each other's transposes: one's vjp is the other. */

/** x with axes of length 1, and missing leading axes, stretched. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return apply(
    {
      name: "broadcastTo",
      value: (x: Tensor) => tensor.broadcastTo(x, shape),
      vjp: [(g, y, x: Tensor) => sumTo(g, x.shape)],
      jvp: [(v, y) => broadcastTo(v, y.shape)],
      cases: [x.shape.length === shape.length && x.shape[0] === shape[0]],
    },
    x,
  );
}

/** The sum over the axes (all of them where none is named). */
export function sum(x: Tensor, axes?: Axes, options: tensor.KeepAxes = {}): Tensor {
  const reduced = resolveAxes("sum", x.shape, axes);
  return apply(
    {
      name: "sum",
      value: (x: Tensor) => tensor.sum(x, reduced, options),
      vjp: [(g, y, x: Tensor) => broadcastTo(reshape(g, tensor.reducedShape(x.shape, reduced, true)), x.shape)],
      jvp: [(v) => sum(v, reduced, options)],
      cases: [!reduced.includes(0)],
    },
    x,
  );
}

/** The same elements under another shape (one length may be −1). */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const rows = shape[0] === -1 ? size(x.shape) / size(shape.slice(1)) : shape[0];
  return apply(
    {
      name: "reshape",
      value: (x: Tensor) => tensor.reshape(x, shape),
      vjp: [(g, y, x: Tensor) => reshape(g, x.shape)],
      jvp: [(v, y) => reshape(v, y.shape)],
      cases: [x.shape.length > 0 && x.shape[0] === rows],
    },
    x,
  );
}

/** x summed to `shape`, which broadcasts to x's. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.shape.length - shape.length;
  const stretched = x.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < missing || shape[axis - missing] !== x.shape[axis]);
  return reshape(sum(x, stretched), shape);
}

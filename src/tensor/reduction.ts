import type { ReduceOperation } from "./backend.js";
import { permute, reshape } from "./movement.js";
import { format, resolveAxes, size, type Axes, type Shape } from "./shape.js";
import { scope } from "./scope.js";
import { Tensor, view } from "./tensor.js";

/** Whether reduced axes stay, with length 1. */
export interface KeepAxes {
  readonly keepAxes?: boolean;
}

/** The sum over the axes (all of them where none is named), in a fixed order. */
export function sum(x: Tensor, axes?: Axes, options?: KeepAxes): Tensor {
  return reduce("sum", x, axes, options);
}

/** The largest element along the axes. @throws RangeError over no elements. */
export function max(x: Tensor, axes?: Axes, options?: KeepAxes): Tensor {
  return reduce("max", x, axes, options);
}

/** The first index of the largest element along one axis, as whole numbers of x's dtype. */
export function argmax(x: Tensor, axis: number): Tensor {
  return reduce("argmax", x, axis);
}

/** x's shape after reducing over `axes`. */
export function reducedShape(shape: Shape, axes: readonly number[], keepAxes = false): number[] {
  return keepAxes
    ? shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
    : shape.filter((_, axis) => !axes.includes(axis));
}

/** Neighbouring axes reduce in one pass over [outer, length, inner]; others are first moved to the end. */
function reduce(operation: ReduceOperation, x: Tensor, axes?: Axes, { keepAxes = false }: KeepAxes = {}): Tensor {
  const reduced = resolveAxes(operation, x.shape, axes);
  const shape = reducedShape(x.shape, reduced, keepAxes);
  const length = size(reduced.map((axis) => x.shape[axis]));
  if (operation !== "sum" && length === 0)
    throw new RangeError(`${operation}: no elements along axes [${reduced.join(", ")}] of ${format(x.shape)}`);
  const first = reduced[0] ?? x.shape.length;
  if (reduced.every((axis, i) => axis === first + i)) {
    const outer = size(x.shape.slice(0, first));
    const inner = size(x.shape.slice(first + reduced.length));
    return new Tensor(shape, x.dtype, x.backend, x.backend.reduce(operation, x, outer, length, inner));
  }
  return scope(() => {
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !reduced.includes(axis));
    const moved = permute(x, [...kept, ...reduced]);
    const flat = reshape(moved, [size(kept.map((axis) => x.shape[axis])), length]);
    return view(reduce(operation, flat, 1), shape);
  });
}

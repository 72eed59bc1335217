import type { BinaryOperation, UnaryOperation } from "./backend.js";
import type { DType } from "./dtype.js";
import { placementOf } from "./placement.js";
import { broadcastShapes } from "./shape.js";
import { Tensor } from "./tensor.js";

/** An elementwise function of one tensor. */
export function unary(operation: UnaryOperation, x: Tensor): Tensor {
  return new Tensor(x.shape, x.dtype, x.backend, x.backend.unary(operation, x));
}

/**
 * An elementwise function of two operands that broadcast; a number takes the other's dtype.
 * @throws RangeError where shapes do not broadcast, TypeError where dtypes or backends differ.
 */
export function binary(operation: BinaryOperation, a: Tensor | number, b: Tensor | number): Tensor {
  const { backend, dtype } = placementOf(operation, [a, b]);
  const shape = broadcastShapes(operation, shapeOf(a), shapeOf(b));
  const [p, q] = [rounded(a, dtype), rounded(b, dtype)];
  return new Tensor(shape, dtype, backend, backend.binary(operation, p, q, shape, dtype));
}

/** a where the condition is not 0, b elsewhere. */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  const { backend, dtype } = placementOf("where", [condition, a, b]);
  const shape = broadcastShapes("where", condition.shape, broadcastShapes("where", shapeOf(a), shapeOf(b)));
  return new Tensor(shape, dtype, backend, backend.where(condition, a, b, shape, dtype));
}

/** A number as an element of the dtype, so that a comparison with 0.1 finds the float32 that is nearest to 0.1. */
function rounded(x: Tensor | number, dtype: DType): Tensor | number {
  return typeof x === "number" && dtype === "float32" ? Math.fround(x) : x;
}

function shapeOf(x: Tensor | number): readonly number[] {
  return typeof x === "number" ? [] : x.shape;
}

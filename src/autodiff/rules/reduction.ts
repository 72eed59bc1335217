import * as tensor from "../../tensor/operations.js";
import { resolveAxes, size, type Axes } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { apply, detach, type Rule } from "../variable.js";
import { reshape, sum } from "./broadcast.js";
import { div, equal, mul, sqrt, square, sub } from "./elementwise.js";

export { sum };

/** The average over the axes (all of them where none is named). @throws RangeError over no elements. */
export function mean(x: Tensor, axes?: Axes, options: tensor.KeepAxes = {}): Tensor {
  const count = size(resolveAxes("mean", x.shape, axes).map((axis) => x.shape[axis]));
  if (count === 0) throw new RangeError("mean: there are no elements to average");
  return div(sum(x, axes, options), count);
}

/** The largest element along the axes; where elements tie they share the derivative. */
export function max(x: Tensor, axes?: Axes, options: tensor.KeepAxes = {}): Tensor {
  const reduced = resolveAxes("max", x.shape, axes);
  const kept = (shape: readonly number[]) => tensor.reducedShape(shape, reduced, true);
  /** 1/ties where x attains the maximum y, 0 elsewhere: row by row the gradient of max. */
  const share = (y: Tensor, x: Tensor) => {
    const attained = equal(x, reshape(y, kept(x.shape)));
    return div(attained, sum(attained, reduced, { keepAxes: true }));
  };
  return apply(
    {
      name: "max",
      value: (x: Tensor) => tensor.max(x, reduced, options),
      vjp: [(g, y, x: Tensor) => mul(reshape(g, kept(x.shape)), share(y, x))],
      jvp: [(v, y, x: Tensor) => sum(mul(v, share(y, x)), reduced, options)],
      cases: [!reduced.includes(0)],
    },
    x,
  );
}

/** The first index of the largest element along one axis: piecewise constant, so always a plain tensor. */
export function argmax(x: Tensor, axis: number): Tensor {
  return tensor.argmax(detach(x), axis);
}

/** log Σ exp(x) along an axis (the last by default), shifted by the maximum so that nothing overflows; its gradient is softmax. */
export function logSumExp(x: Tensor, axis = -1, options: tensor.KeepAxes = {}): Tensor {
  const [along] = resolveAxes("logSumExp", x.shape, axis);
  return apply(
    {
      name: "logSumExp",
      value: (x: Tensor) => tensor.logSumExp(x, along, options),
      vjp: [(g, y, x: Tensor) => mul(reshape(g, tensor.reducedShape(x.shape, [along], true)), softmax(x, along))],
      jvp: [(v, y, x: Tensor) => sum(mul(v, softmax(x, along)), along, options)],
      cases: [along !== 0],
    },
    x,
  );
}

/** p = exp(x) / Σ exp(x) along an axis (the last by default). Its Jacobian diag(p) − p pᵀ is symmetric. */
export function softmax(x: Tensor, axis = -1): Tensor {
  const [along] = resolveAxes("softmax", x.shape, axis);
  const derivative = (v: Tensor, p: Tensor) => mul(p, sub(v, sum(mul(p, v), along, { keepAxes: true })));
  return apply(
    {
      name: "softmax",
      value: (x: Tensor) => tensor.softmax(x, along),
      vjp: [derivative],
      jvp: [derivative],
      cases: [along !== 0],
    },
    x,
  );
}

/** x − log Σ exp(x) along an axis (the last by default). */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return sub(x, logSumExp(x, axis, { keepAxes: true }));
}

/** ⟨a, b⟩ = Σ a ⊙ b of two tensors of one shape, any rank. */
export function dot(a: Tensor, b: Tensor): Tensor {
  return apply(dotRule, a, b);
}
const dotRule: Rule = {
  name: "dot",
  value: tensor.dot,
  vjp: [(g, y, a: Tensor, b: Tensor) => mul(g, b), (g, y, a: Tensor) => mul(g, a)],
  jvp: [(v, y, a: Tensor, b: Tensor) => dot(v, b), (v, y, a: Tensor) => dot(a, v)],
};

/** The Euclidean (for matrices: Frobenius) norm. */
export function norm(x: Tensor): Tensor {
  return sqrt(sum(square(x)));
}

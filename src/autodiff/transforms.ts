import { fromArray, full, zeros } from "../tensor/create.js";
import { zeros as zeroArray } from "../tensor/dtype.js";
import { holding } from "../tensor/scope.js";
import { format, size } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { concatenate, reshape } from "./rules/movement.js";
import { forward, reverse } from "./sweep.js";
import { primal, seenFrom, Variable, withVariables } from "./variable.js";

export type TensorFunction = (...xs: Tensor[]) => Tensor;

/** The gradient of a scalar function: a tensor for one argument, one for each for several. */
export function grad(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor;
export function grad(f: TensorFunction): (...xs: [Tensor, Tensor, ...Tensor[]]) => Tensor[];
export function grad(f: TensorFunction): (...xs: Tensor[]) => Tensor | Tensor[] {
  return (...xs) => {
    const { value, pullback } = vjp(f, ...xs);
    if (size(value.shape) !== 1)
      throw new RangeError(
        `grad: the function returned shape ${format(value.shape)}; it must return a scalar, or use vjp`,
      );
    const gs = pullback(full(value.shape, 1, value));
    return xs.length === 1 ? gs[0] : gs;
  };
}

/** f(…xs) and the map g ↦ [gᵀ ∂f/∂x for each x]. */
export function vjp(f: TensorFunction, ...xs: Tensor[]): { value: Tensor; pullback: (g: Tensor) => Tensor[] } {
  return withVariables(xs, (variables, level) => {
    const y = seenFrom(level, f(...variables));
    const pullback = (g: Tensor) => {
      const gs = isOf(y, level) ? reverse([[y, g]], variables) : [];
      return xs.map((x, i) => gs[i] ?? zeros(x.shape, x));
    };
    return { value: primal(y, level), pullback: holding(pullback, [y, variables]) };
  });
}

/** f(…xs) and Σᵢ ∂f/∂xᵢ vᵢ. */
export function jvp(
  f: TensorFunction,
  xs: readonly Tensor[],
  vs: readonly Tensor[],
): { value: Tensor; tangent: Tensor } {
  if (xs.length !== vs.length) throw new RangeError(`jvp: ${xs.length} arguments but ${vs.length} tangents`);
  return withVariables(xs, (variables, level) => {
    const y = seenFrom(level, f(...variables));
    const [tangent] = isOf(y, level)
      ? forward(
          variables.map((x, i) => [x, vs[i]]),
          [y],
        )
      : [];
    return { value: primal(y, level), tangent: tangent ?? zeros(y.shape, y) };
  });
}

/** Hessian times vector, ∂²f/∂x² v of a scalar function: forward over reverse. */
export function hvp(f: (x: Tensor) => Tensor, x: Tensor, v: Tensor): Tensor {
  return jvp(grad(f), [x], [v]).tangent;
}

/** All of ∂f/∂x, of shape [...f(x).shape, ...x.shape], a reverse sweep for each element of f(x). */
export function jacobian(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return (x) => {
    const { value, pullback } = vjp(f, x);
    const count = size(value.shape);
    const rows = Array.from({ length: count }, (_, i) => {
      const unit = zeroArray(value.dtype, count);
      unit[i] = 1;
      return reshape(pullback(fromArray(unit, value.shape, value.backend))[0], [1, size(x.shape)]);
    });
    return count === 0
      ? zeros([...value.shape, ...x.shape], x)
      : reshape(concatenate(rows), [...value.shape, ...x.shape]);
  };
}

function isOf(y: Tensor, level: number): y is Variable {
  return y instanceof Variable && y.level === level;
}

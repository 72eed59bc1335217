import { full, zeros } from "../tensor/create.js";
import { format, size } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { reverse } from "./sweep.js";
import { Variable } from "./variable.js";

/**
 * dy/dx of a scalar y for every variable x that it was computed from, intermediate ones included; zeros where y does not depend
 * on x. The results are constants to y's level: to differentiate them, make y's variables of variables, or use grad.
 * @throws TypeError where an x is no variable, or of a level below y's; RangeError where y is no scalar.
 */
export function gradients(y: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (size(y.shape) !== 1)
    throw new RangeError(`gradients: y has shape ${format(y.shape)}; take the gradient of a scalar, or use vjp`);
  const xs = wrt.map((x, i) => {
    if (!(x instanceof Variable))
      throw new TypeError(
        `gradients: wrt[${i}] is a constant; make it with variable(t), and nest grad or variable for higher orders`,
      );
    return x;
  });
  if (!(y instanceof Variable)) return xs.map((x) => zeros(x.shape, x));
  const other = xs.findIndex((x) => x.level < y.level);
  if (other >= 0)
    throw new TypeError(
      `gradients: wrt[${other}] belongs to derivative level ${xs[other].level}, y to ${y.level}; differentiate the inner level first`,
    );
  return reverse([[y, full(y.shape, 1, y)]], xs).map((g, i) => g ?? zeros(xs[i].shape, xs[i]));
}

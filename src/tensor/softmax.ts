import { binary, unary, where } from "./elementwise.js";
import { reshape } from "./movement.js";
import { max, reducedShape, sum, type KeepAxes } from "./reduction.js";
import { scope } from "./scope.js";
import { format, resolveAxes, size } from "./shape.js";
import { Tensor } from "./tensor.js";

/** log Σ exp(x) along an axis, shifted by the maximum so that nothing overflows. @throws RangeError over no elements. */
export function logSumExp(x: Tensor, axis: number, { keepAxes = false }: KeepAxes = {}): Tensor {
  const reduced = resolveAxes("logSumExp", x.shape, axis);
  return scope(() => {
    const largest = max(x, reduced, { keepAxes: true });
    const shift = where(isInfinite(largest), 0, largest);
    const total = sum(unary("exp", binary("sub", x, shift)), reduced, { keepAxes: true });
    const result = binary("add", unary("log", total), shift);
    return keepAxes ? result : reshape(result, reducedShape(x.shape, reduced));
  });
}

/**
 * exp(x) / Σ exp(x) along an axis, both shifted by the maximum. Where that is infinite, NaN in its place and 0 elsewhere.
 * @throws RangeError over no elements.
 */
export function softmax(x: Tensor, axis: number): Tensor {
  const [along] = resolveAxes("softmax", x.shape, axis);
  const classes = x.shape[along];
  if (classes === 0) throw new RangeError(`softmax: no elements along axis ${along} of ${format(x.shape)}`);
  if (x.backend.softmax !== undefined && along === x.shape.length - 1)
    return new Tensor(x.shape, x.dtype, x.backend, x.backend.softmax(x, size(x.shape.slice(0, -1)), classes));
  return scope(() => {
    const largest = max(x, along, { keepAxes: true });
    const e = unary("exp", binary("sub", x, largest));
    const total = sum(e, along, { keepAxes: true });
    return binary("div", e, where(isInfinite(largest), 1, total));
  });
}

function isInfinite(x: Tensor): Tensor {
  return binary("equal", unary("abs", x), Infinity);
}

import type { Link } from "./backend.js";
import { binary, unary } from "./elementwise.js";
import { reshape } from "./movement.js";
import { placementOf } from "./placement.js";
import { sum } from "./reduction.js";
import { scope } from "./scope.js";
import { format, sameShape } from "./shape.js";
import { logSumExp, softmax } from "./softmax.js";
import { Tensor } from "./tensor.js";

/**
 * −log p(t|z) of every row of logits z and targets t, [m, k] → [m]:
 *   sigmoid  L = Σ_c log(1 + e^z_c) − t_c z_c
 *   softmax  L = log Σ_c e^z_c − Σ_c t_c z_c, each row of t summing to 1
 * by the backend in one pass where it has one, otherwise by these very operations.
 * @throws RangeError where z is no matrix, t is not of its shape, or softmax has no classes.
 */
export function crossEntropy(link: Link, z: Tensor, t: Tensor): Tensor {
  const { backend, dtype } = placementOf("crossEntropy", [z, t]);
  const [m, k] = checkedShape("crossEntropy", link, z, t);
  if (backend.crossEntropy !== undefined)
    return new Tensor([m], dtype, backend, backend.crossEntropy(link, z, t, m, k));
  return scope(() =>
    link === "sigmoid"
      ? sum(binary("sub", unary("softplus", z), binary("mul", t, z)), 1)
      : binary("sub", logSumExp(z, 1), sum(binary("mul", t, z), 1)),
  );
}

/** The gradient by z of Σ_r g_r L_r: g_r (p − t), with p = σ(z) or softmax(z) and g [m]. @throws RangeError as above, or for another g. */
export function crossEntropyGradient(link: Link, z: Tensor, t: Tensor, g: Tensor): Tensor {
  const { backend, dtype } = placementOf("crossEntropyGradient", [z, t, g]);
  const [m, k] = checkedShape("crossEntropyGradient", link, z, t);
  if (!sameShape(g.shape, [m]))
    throw new RangeError(`crossEntropyGradient: g ${format(g.shape)} has not one element for each of ${m} rows`);
  if (backend.crossEntropyGradient !== undefined)
    return new Tensor([m, k], dtype, backend, backend.crossEntropyGradient(link, z, t, g, m, k));
  return scope(() => {
    const p = link === "sigmoid" ? unary("sigmoid", z) : softmax(z, 1);
    return binary("mul", reshape(g, [m, 1]), binary("sub", p, t));
  });
}

function checkedShape(operation: string, link: Link, z: Tensor, t: Tensor): readonly [number, number] {
  if (z.shape.length !== 2 || !sameShape(z.shape, t.shape))
    throw new RangeError(
      `${operation}: logits ${format(z.shape)} and targets ${format(t.shape)} are not two matrices of one shape`,
    );
  const [m, k] = z.shape;
  if (link === "softmax" && k === 0)
    throw new RangeError(`${operation}: softmax over no classes, of ${format(z.shape)}`);
  return [m, k];
}

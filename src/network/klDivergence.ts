import { mean, sub } from "../autodiff/index.js";
import { scope } from "../tensor/scope.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Loss } from "./loss.js";

/**
 * KL(r(y|z) ‖ r(y|z′)) averaged over cases (§2.2), a scalar tensor, differentiable in both; z and z′: [m, k]. With z natural
 * parameters, L(y, z) is a function of z less yᵀz (and what does not depend on z), so the expectation over y of L(y, z′) − L(y, z)
 * is its value at the mean p = E[y|z]:
 *   KL = L(p, z′) − L(p, z)
 * To second order it is ½δᵀFδ, for z of weights θ and z′ of θ + δ. As a difference of two losses it has their absolute accuracy:
 * compute it in float64 where it is tiny.
 * @throws RangeError where the shapes differ.
 */
export function klDivergence(loss: Loss, z: Tensor, zOther: Tensor): Tensor {
  if (!sameShape(z.shape, zOther.shape))
    throw new RangeError(`klDivergence: outputs ${format(z.shape)} and ${format(zOther.shape)} differ in shape`);
  return scope(() => {
    const p = loss.predict(z);
    return mean(sub(loss.value(zOther, p), loss.value(z, p)));
  });
}

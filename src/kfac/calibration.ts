import { add, div, mul, trace } from "../autodiff/index.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import type { KroneckerFactors } from "./factors.js";

/** λ₀ where the mean curvature is 0 or not a number to use: nothing is known then. */
const UNKNOWN = 1;

/**
 * The mean of F̃'s diagonal, tr F̃ / n = Σᵢ tr Āᵢ₋₁,ᵢ₋₁ · tr Gᵢᵢ / n over all n weights: a scalar tensor. Damping of that size tells
 * directions of more than the mean curvature from those of less, whatever the units of inputs and loss.
 */
export function meanCurvature(factors: KroneckerFactors): Tensor {
  return scope(() => {
    const blocks = factors.diagonal;
    const n = blocks.reduce((sum, { A, G }) => sum + A.shape[0] * G.shape[0], 0);
    return div(
      blocks.map(({ A, G }) => mul(trace(A), trace(G))).reduce((a, b) => add(a, b)),
      n,
    );
  });
}

/** λ to start from, of the mean curvature on the first batch. */
export function initialLambda(curvature: number): number {
  return curvature > 0 && Number.isFinite(curvature) ? curvature : UNKNOWN;
}

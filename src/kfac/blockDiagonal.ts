import { div, matmul, mul } from "../autodiff/index.js";
import { invertSpd } from "../tensor/operations.js";
import { holding, scope } from "../tensor/scope.js";
import { addToDiagonal, dampingRatios } from "./damping.js";
import type { KroneckerFactors } from "./factors.js";
import type { Damping, Inverse } from "./inverse.js";

/**
 * F̆⁻¹ (§4.2) with factored Tikhonov damping (§6.3), layer by layer:
 *   Uᵢ = (Gᵢᵢ + (γ/πᵢ)I)⁻¹ Vᵢ (Āᵢ₋₁,ᵢ₋₁ + πᵢγI)⁻¹
 * @throws NumericalError where a damped factor is not positive definite; a larger γ makes it so.
 */
export function blockDiagonal(factors: KroneckerFactors, { pi, gamma = 0 }: Damping): Inverse {
  const inverses = scope(() => {
    const ratios = pi ?? dampingRatios(factors);
    return factors.diagonal.map(({ A, G }, i) => ({
      A: scope(() => invertSpd(addToDiagonal(A, mul(ratios[i], gamma)))),
      G: scope(() => invertSpd(addToDiagonal(G, div(gamma, ratios[i])))),
    }));
  });
  return holding((V) => inverses.map(({ A, G }, i) => scope(() => matmul(matmul(G, V[i]), A))), inverses);
}

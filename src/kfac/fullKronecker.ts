import { add, div, matmul, mul } from "../autodiff/index.js";
import { invertSpd, reshape } from "../tensor/operations.js";
import { holding, scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { addToDiagonal, dampingRatios } from "./damping.js";
import { denseKroneckerFisher, unvec, vec } from "./dense.js";
import { KroneckerFactors, type Kronecker } from "./factors.js";
import type { Damping, Inverse, InverseStrategy } from "./inverse.js";
import type { Vector } from "./vectors.js";

/** F̃V (§3) from the moments of all pairs, without forming F̃: (F̃V)ᵢ = Σⱼ Gᵢⱼ Vⱼ Āᵢ₋₁,ⱼ₋₁ᵀ. */
export function fullKroneckerProduct(factors: KroneckerFactors, V: Vector): Tensor[] {
  return scope(() =>
    V.map((_, i) =>
      V.map((Vj, j) => {
        const { A, G } = factors.block(i, j);
        return scope(() => matmul(matmul(G, Vj), A, { transposeB: true }));
      }).reduce((sum, term) => add(sum, term)),
    ),
  );
}

/** The same factors with factored Tikhonov damping (§6.3) on the diagonal blocks: A + πᵢγI and G + (γ/πᵢ)I; the others stay raw. */
export function dampedFactors(factors: KroneckerFactors, { pi, gamma = 0 }: Damping): KroneckerFactors {
  return scope(() => {
    const ratios = pi ?? dampingRatios(factors);
    return factors.mapBlocks(({ A, G }, i, j): Kronecker =>
      i === j
        ? { A: addToDiagonal(A, mul(ratios[i], gamma)), G: addToDiagonal(G, div(gamma, ratios[i])) }
        : { A: mul(A, 1), G: mul(G, 1) },
    );
  });
}

/**
 * F̃⁻¹ of all blocks, damped, as a dense matrix: for small networks, to see what F̆⁻¹ and F̂⁻¹ leave out. O(p³) for p parameters.
 * @throws NumericalError where the damped F̃ is not positive definite.
 */
export const fullKronecker: InverseStrategy = Object.assign(
  (factors: KroneckerFactors, damping: Damping): Inverse => {
    const inverse = scope(() => invertSpd(denseKroneckerFisher(dampedFactors(factors, damping))));
    const apply = (V: Vector) =>
      scope(() => {
        const v = reshape(vec(V), [-1, 1]);
        return unvec(
          reshape(matmul(inverse, v), [-1]),
          V.map((Vi) => Vi.shape),
        );
      });
    return holding(apply, inverse);
  },
  { pairs: "all" as const },
);

import { div, matmul, mul, sub } from "../autodiff/index.js";
import { ones } from "../tensor/create.js";
import { concatenate, invertSpd, max, reshape } from "../tensor/operations.js";
import { holding, scope } from "../tensor/scope.js";
import { to } from "../tensor/to.js";
import type { Tensor } from "../tensor/tensor.js";
import { addToDiagonal, dampingRatios } from "./damping.js";
import type { Kronecker, KroneckerFactors } from "./factors.js";
import type { Damping, Inverse, InverseStrategy } from "./inverse.js";
import { kroneckerSumInverse } from "./kroneckerSum.js";

/** Ψᵢ,ᵢ₊₁ = F̃ᵢ,ᵢ₊₁ F̃ᵢ₊₁,ᵢ₊₁⁻¹ = Ψᴬᵢ ⊗ Ψᴳᵢ: the mean of layer i's gradient given layer i + 1's, per unit of it. */
export interface Psi {
  readonly A: Tensor;
  readonly G: Tensor;
}

/** The values of §4.3, layer by layer: F̂⁻¹ = Ξᵀ Λ Ξ. */
export interface TridiagonalParts {
  /** Ψ of every layer but the last: Ξ has −Ψ above its unit diagonal. */
  readonly Psi: readonly Psi[];
  /** Σᵢ|ᵢ₊₁⁻¹ applied to a matrix, and Σℓ⁻¹ last: the blocks of Λ. */
  readonly Lambda: readonly ((V: Tensor) => Tensor)[];
  /** min (1 − s₂s₁) over all Σ, a scalar tensor: near 0 where layers are nearly linear and little damped. */
  readonly smallest: Tensor;
}

/**
 * F̂⁻¹ (§4.3): the inverse that is block-tridiagonal and agrees with F̃ on the tridiagonal blocks. In three sweeps,
 *   V1ᵢ = Vᵢ − Ψᴳᵢ Vᵢ₊₁ Ψᴬᵢᵀ (i < ℓ),  V1ℓ = Vℓ              Ξ
 *   V2ᵢ = Σᵢ|ᵢ₊₁⁻¹ V1ᵢ,  V2ℓ = Gℓℓ⁻¹ V1ℓ Āℓ₋₁,ℓ₋₁⁻¹             Λ
 *   U₁ = V2₁,  Uᵢ = V2ᵢ − Ψᴳᵢ₋₁ᵀ V2ᵢ₋₁ Ψᴬᵢ₋₁                    Ξᵀ
 * Damping: every diagonal-block factor wherever it appears, with the π of its own block; cross factors stay raw.
 * @throws NumericalError where a damped factor is not positive definite; a larger γ makes it so.
 */
export const blockTridiagonal: InverseStrategy = Object.assign(
  (factors: KroneckerFactors, damping: Damping): Inverse => {
    const { Psi, Lambda, smallest } = tridiagonalParts(factors, damping);
    const apply = (V: readonly Tensor[]) =>
      scope(() => {
        const last = V.length - 1;
        const V1 = V.map((Vi, i) => (i === last ? Vi : sub(Vi, along(Psi[i], V[i + 1]))));
        const V2 = V1.map((V1i, i) => Lambda[i](V1i));
        return V2.map((V2i, i) => (i === 0 ? V2i : sub(V2i, against(Psi[i - 1], V2[i - 1]))));
      });
    return Object.assign(holding(apply, [Psi, Lambda, smallest]), { smallest });
  },
  { pairs: "neighbours" as const },
);

/**
 * Ψ, Λ = blockdiag(Σ⁻¹) and how near Σ comes to singular:
 *   Ψᴬᵢ = Āᵢ₋₁,ᵢ Āᵢᵢ⁻¹,  Ψᴳᵢ = Gᵢ,ᵢ₊₁ Gᵢ₊₁,ᵢ₊₁⁻¹
 *   Σᵢ|ᵢ₊₁ = Āᵢ₋₁,ᵢ₋₁ ⊗ Gᵢᵢ − (Ψᴬᵢ Āᵢᵢ Ψᴬᵢᵀ) ⊗ (Ψᴳᵢ Gᵢ₊₁,ᵢ₊₁ Ψᴳᵢᵀ)
 * All of this in float64 where the backend has it; what is applied is rounded to the network's dtype.
 */
export function tridiagonalParts(factors: KroneckerFactors, { pi, gamma = 0 }: Damping): TridiagonalParts {
  const dtype = factors.diagonal[0].A.dtype;
  return scope(() => {
    const ratios = pi ?? dampingRatios(factors);
    const diagonal = factors.diagonal.map((block, i) => {
      const { A, G } = precise(block);
      const ratio = precise({ A: ratios[i], G: ratios[i] }).A;
      return { A: addToDiagonal(A, mul(ratio, gamma)), G: addToDiagonal(G, div(gamma, ratio)) };
    });
    // Of every layer that another is conditioned on, and of the last.
    const inverse = diagonal
      .slice(Math.min(1, diagonal.length - 1))
      .map(({ A, G }) => ({ A: invertSpd(A), G: invertSpd(G) }));
    const Psi: Psi[] = [];
    const Lambda: ((V: Tensor) => Tensor)[] = [];
    const smallest: Tensor[] = [];
    factors.neighbours.map(precise).forEach((cross, i) => {
      const { A, G } = inverse[i];
      const psi = { A: matmul(cross.A, A), G: matmul(cross.G, G) };
      const Sigma = {
        A: diagonal[i].A,
        B: diagonal[i].G,
        C: matmul(psi.A, cross.A, { transposeB: true }), // Ψᴬ Ā Ψᴬᵀ, since Ψᴬ Ā is the cross moment
        D: matmul(psi.G, cross.G, { transposeB: true }),
      };
      const solve = kroneckerSumInverse(Sigma, -1, { semidefinite: true, dtype });
      Psi.push({ A: to(psi.A, { dtype }), G: to(psi.G, { dtype }) });
      Lambda.push(solve);
      smallest.push(reshape(solve.smallest, [1]));
    });
    const end = inverse[inverse.length - 1];
    const last = { A: to(end.A, { dtype }), G: to(end.G, { dtype }) };
    Lambda.push(holding((V: Tensor) => scope(() => matmul(matmul(last.G, V), last.A)), last));
    return { Psi, Lambda, smallest: least([...smallest, ones([1], last.A)]) };
  });
}

/** Ψᴳ V Ψᴬᵀ */
function along({ A, G }: Psi, V: Tensor): Tensor {
  return scope(() => matmul(matmul(G, V), A, { transposeB: true }));
}

/** Ψᴳᵀ V Ψᴬ */
function against({ A, G }: Psi, V: Tensor): Tensor {
  return scope(() => matmul(matmul(G, V, { transposeA: true }), A));
}

/** The same factors in float64, where there is float64. */
function precise({ A, G }: Kronecker): Kronecker {
  return A.backend.dtypes.includes("float64")
    ? { A: to(A, { dtype: "float64" }), G: to(G, { dtype: "float64" }) }
    : { A, G };
}

function least(values: readonly Tensor[]): Tensor {
  return scope(() => mul(max(mul(concatenate(values), -1)), -1));
}

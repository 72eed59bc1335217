import { add, div, matmul, maximum, outer } from "../autodiff/index.js";
import { symmetricEigen } from "../tensor/operations.js";
import { holding, scope } from "../tensor/scope.js";
import { NumericalError } from "../tensor/errors.js";
import type { KroneckerFactors } from "./factors.js";
import type { Damping, Inverse, InverseStrategy } from "./inverse.js";

/**
 * (F̆ + (λ + η)I)⁻¹ exactly, in the eigenbasis of each block: with A = Q_A diag(w_A) Q_Aᵀ and G = Q_G diag(w_G) Q_Gᵀ,
 *   Uᵢ = Q_G [(Q_Gᵀ Vᵢ Q_A) ⊘ (w_G w_Aᵀ + λ + η)] Q_Aᵀ
 * Eigenvalues that rounding made negative count as 0. γ and π play no part.
 * @throws NumericalError for non-finite factors, or λ + η of 0 (singular factors would divide by 0).
 */
export const exactTikhonov: InverseStrategy = Object.assign(
  (factors: KroneckerFactors, { lambda = 0, eta = 0 }: Damping): Inverse => {
    if (!(lambda + eta > 0))
      throw new NumericalError(
        `exactTikhonov: lambda + eta is ${lambda + eta}; it must be positive to damp singular factors`,
      );
    const bases = scope(() =>
      factors.diagonal.map(({ A, G }) => {
        const a = symmetricEigen(A);
        const g = symmetricEigen(G);
        const weights = add(outer(maximum(g.values, 0), maximum(a.values, 0)), lambda + eta);
        return { QA: a.vectors, QG: g.vectors, weights };
      }),
    );
    return holding(
      (V) =>
        bases.map(({ QA, QG, weights }, i) =>
          scope(() => {
            const rotated = matmul(matmul(QG, V[i], { transposeA: true }), QA);
            return matmul(matmul(QG, div(rotated, weights)), QA, { transposeB: true });
          }),
        ),
      bases,
    );
  },
  { ignoresGamma: true },
);

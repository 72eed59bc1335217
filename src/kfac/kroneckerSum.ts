import {
  abs,
  add,
  cholesky,
  div,
  matmul,
  maximum,
  minimum,
  mul,
  norm,
  outer,
  solveTriangular,
  sub,
  transpose,
} from "../autodiff/index.js";
import { max, symmetricEigen } from "../tensor/operations.js";
import { holding, scope } from "../tensor/scope.js";
import type { DType } from "../tensor/dtype.js";
import { to } from "../tensor/to.js";
import type { Tensor } from "../tensor/tensor.js";

/** A ⊗ B ± C ⊗ D: A and C are [p, p], B and D [q, q]; A and B positive definite, C and D symmetric. */
export interface KroneckerSum {
  readonly A: Tensor;
  readonly B: Tensor;
  readonly C: Tensor;
  readonly D: Tensor;
}

export interface KroneckerSumOptions {
  /**
   * Whether the difference is known to be positive semidefinite with s₁, s₂ in [0, 1] but for rounding, as Σ of §4.3 is: s is
   * then clamped to that, and 1 − s₂s₁ to at least 1e-12.
   */
  readonly semidefinite?: boolean;
  /** The dtype that V has when it is applied; that of A where it is missing. */
  readonly dtype?: DType;
}

/** V ↦ U, and the smallest |1 ± s₂s₁|, a scalar tensor: how near to singular the sum is in its own metric. */
export type KroneckerSumInverse = ((V: Tensor) => Tensor) & Disposable & { readonly smallest: Tensor };

const FLOOR = 1e-12;

/**
 * Solves B U A ± D U C = V for U, that is (A ⊗ B ± C ⊗ D)⁻¹ vec V (Appendix B). With A = L_A L_Aᵀ, B = L_B L_Bᵀ and
 *   L_A⁻¹ C L_A⁻ᵀ = E₁ diag(s₁) E₁ᵀ,  L_B⁻¹ D L_B⁻ᵀ = E₂ diag(s₂) E₂ᵀ,  K₁ = L_A⁻ᵀ E₁,  K₂ = L_B⁻ᵀ E₂,
 *   U = K₂ [(K₂ᵀ V K₁) ⊘ (11ᵀ ± s₂ s₁ᵀ)] K₁ᵀ
 * Any square root of A and B serves; the paper takes the symmetric one. V: [q, p].
 * @throws NumericalError where A or B is not positive definite, or an entry is not finite.
 */
export function kroneckerSumInverse(
  { A, B, C, D }: KroneckerSum,
  sign: 1 | -1,
  { semidefinite = false, dtype = A.dtype }: KroneckerSumOptions = {},
): KroneckerSumInverse {
  const prepared = scope(() => {
    const { K: K1, s: s1 } = jointly(A, C, semidefinite);
    const { K: K2, s: s2 } = jointly(B, D, semidefinite);
    const exact = add(mul(outer(s2, s1), sign), 1);
    const divisor = semidefinite ? maximum(exact, FLOOR) : exact;
    return {
      K1: to(K1, { dtype }),
      K2: to(K2, { dtype }),
      divisor: to(divisor, { dtype }),
      smallest: to(smallestMagnitude(exact), { dtype }),
    };
  });
  const { K1, K2, divisor, smallest } = prepared;
  const apply = (V: Tensor) =>
    scope(() => {
      const rotated = matmul(matmul(K2, V, { transposeA: true }), K1);
      return matmul(matmul(K2, div(rotated, divisor)), K1, { transposeB: true });
    });
  return Object.assign(holding(apply, prepared), { smallest });
}

/** ‖B U A ± D U C − V‖ / ((‖A‖‖B‖ + ‖C‖‖D‖)‖U‖ + ‖V‖), Frobenius norms: a scalar tensor, some ε where U solves the equation. */
export function kroneckerSumResidual({ A, B, C, D }: KroneckerSum, sign: 1 | -1, U: Tensor, V: Tensor): Tensor {
  return scope(() => {
    const left = add(matmul(matmul(B, U), A), mul(matmul(matmul(D, U), C), sign));
    const scale = add(mul(add(mul(norm(A), norm(B)), mul(norm(C), norm(D))), norm(U)), norm(V));
    return div(norm(sub(left, V)), scale);
  });
}

/** K with Kᵀ A K = I and Kᵀ C K = diag(s): with A = LLᵀ and L⁻¹ C L⁻ᵀ = E diag(s) Eᵀ, K = L⁻ᵀ E. */
function jointly(A: Tensor, C: Tensor, semidefinite: boolean): { K: Tensor; s: Tensor } {
  return scope(() => {
    const L = cholesky(A);
    const half = solveTriangular(L, C); // L⁻¹ C
    const whitened = solveTriangular(L, transpose(half)); // L⁻¹ Cᵀ L⁻ᵀ, symmetric but for rounding
    const { values, vectors } = symmetricEigen(mul(add(whitened, transpose(whitened)), 0.5));
    const s = semidefinite ? minimum(maximum(values, 0), 1) : values;
    return { K: solveTriangular(L, vectors, { transpose: true }), s };
  });
}

function smallestMagnitude(x: Tensor): Tensor {
  return mul(max(mul(abs(x), -1)), -1);
}

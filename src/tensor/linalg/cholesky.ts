import type { FloatArray } from "../dtype.js";
import { NumericalError } from "../errors.js";
import { checkFinite, checkSquare, describe, show } from "./checks.js";
import { dot, narrow } from "./float64.js";

/**
 * Cholesky factor of a symmetric positive definite matrix: lower triangular L with A = LLᵀ and a positive diagonal, row
 * by row (Golub & Van Loan, Matrix Computations, §4.2):
 *
 *     L_ij = (A_ij − Σ_{k<j} L_ik L_jk) / L_jj,  j < i
 *     L_ii = √(A_ii − Σ_{k<i} L_ik²)
 *
 * a: [n×n], of which only the lower triangle is read → [n×n], zero above the diagonal.
 * @throws NumericalError for an entry that is not finite or a pivot L_ii² that is not positive, counted from 0.
 */
export function cholesky<T extends FloatArray>(a: T, n: number): T {
  checkSquare("cholesky", "a", a, n);
  return narrow(choleskyFactor("cholesky", a, n), a);
}

/** L in float64, on behalf of the named operation. */
export function choleskyFactor(operation: string, a: FloatArray, n: number): Float64Array {
  checkFinite(operation, a, n, "lower");
  const L = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) L[i * n + j] = (a[i * n + j] - dot(L, i * n, L, j * n, j)) / L[j * n + j];
    const pivot = a[i * n + i] - dot(L, i * n, L, i * n, i);
    if (!(pivot > 0))
      throw new NumericalError(
        `${operation}: pivot ${i} of ${describe(a, n)} is ${show(pivot)}, not positive; add damping`,
      );
    L[i * n + i] = Math.sqrt(pivot);
  }
  return L;
}

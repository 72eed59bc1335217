import { dtypeOf, epsilon, type FloatArray } from "../dtype.js";
import { NumericalError } from "../errors.js";
import { checkSquare, describe, show } from "./checks.js";
import { narrow } from "./float64.js";
import { selfProduct } from "./gram.js";
import { eigenRows } from "./symmetricEigen.js";

/**
 * The symmetric S with SS = A, for positive semi-definite A = QΛQᵀ: S = QΛ^½Qᵀ, exactly symmetric and semi-definite.
 *
 * a: [n×n], checked to be symmetric → [n×n]. An eigenvalue that is negative by no more than roundoff, n·ε·max|λ|,
 * counts as 0.
 * @throws NumericalError for an eigenvalue below that; RangeError and NumericalError as `symmetricEigen` does.
 */
export function symmetricSquareRoot<T extends FloatArray>(a: T, n: number): T {
  checkSquare("symmetricSquareRoot", "a", a, n);
  const { values, rows } = eigenRows("symmetricSquareRoot", a, n);
  if (values[0] < -roundoff(values, epsilon(dtypeOf(a))))
    throw new NumericalError(
      `symmetricSquareRoot: the smallest eigenvalue of ${describe(a, n)} is ${show(values[0])}, negative; add damping`,
    );
  const roots = values.map((value) => Math.sqrt(Math.max(value, 0)));
  return narrow(withSpectrum(rows, roots), a);
}

/**
 * The symmetric R with RAR = I, for positive definite A = QΛQᵀ: R = QΛ^{−½}Qᵀ, exactly symmetric and positive definite.
 *
 * a: [n×n], checked to be symmetric → [n×n].
 * @throws NumericalError where an eigenvalue is not above the roundoff of its computation, n·2⁻⁵²·max|λ|: its sign is
 * then unknown; RangeError and NumericalError as `symmetricEigen` does.
 */
export function inverseSquareRoot<T extends FloatArray>(a: T, n: number): T {
  checkSquare("inverseSquareRoot", "a", a, n);
  const { values, rows } = eigenRows("inverseSquareRoot", a, n);
  if (values[0] <= roundoff(values, Number.EPSILON))
    throw new NumericalError(
      `inverseSquareRoot: the smallest eigenvalue of ${describe(a, n)} is ${show(values[0])}, not positive beyond roundoff; add damping`,
    );
  const inverseRoots = values.map((value) => 1 / Math.sqrt(value));
  return narrow(withSpectrum(rows, inverseRoots), a);
}

/**
 * n·ε·max|λ| for ascending eigenvalues λ: how far one may be from that of the exact matrix. NaN for n = 0, of which no
 * inequality holds.
 */
function roundoff(values: Float64Array, epsilon: number): number {
  const n = values.length;
  return n * epsilon * Math.max(Math.abs(values[0]), Math.abs(values[n - 1]));
}

/** VᵀMV = YᵀY with Y = M^½ V, for the diagonal matrix M ≥ 0 of new eigenvalues. rows: V, [n×n]. */
function withSpectrum(rows: Float64Array, values: Float64Array): Float64Array {
  const n = values.length;
  const Y = rows.map((entry, at) => entry * Math.sqrt(values[Math.floor(at / n)]));
  return selfProduct(Y, n, n);
}

import type { FloatArray } from "../dtype.js";
import { NumericalError } from "../errors.js";
import { checkFinite, checkLength, checkSameType, checkSizes, checkSquare, describe } from "./checks.js";
import { dot, narrow, transposed, widen } from "./float64.js";

export interface TriangleOptions {
  /** The matrix is upper triangular, and its upper triangle is the one that is read. */
  readonly upper?: boolean;
}

export interface SolveTriangularOptions extends TriangleOptions {
  /** op is the transpose. */
  readonly transpose?: boolean;
}

/**
 * X with op(L)·X = B, by substitution: forward, in the order i = 0, 1, …, where op(L) is lower triangular, backward
 * where it is upper.
 *
 *     X_i = (B_i − Σ_k op(L)_ik X_k) / L_ii,  over the rows X_k already known
 *
 * l: [n×n], of which only the named triangle is read; b: [n×columns] → [n×columns].
 * @throws NumericalError for a diagonal entry of 0 and for entries of the triangle that are not finite. B is taken as
 * it is.
 */
export function solveTriangular<T extends FloatArray>(
  l: T,
  b: T,
  n: number,
  columns: number,
  options: SolveTriangularOptions = {},
): T {
  const { upper = false, transpose = false } = options;
  checkSquare("solveTriangular", "l", l, n);
  checkSizes("solveTriangular", { columns });
  checkLength("solveTriangular", "b", b, n, columns);
  checkSameType("solveTriangular", { l, b });
  checkTriangle("solveTriangular", l, n, upper);

  return narrow(substitute(l, b, n, columns, upper, transpose), b);
}

/**
 * L⁻¹, triangular as L is, with zeros in the other triangle: for lower triangular L
 *
 *     X_ii = 1 / L_ii
 *     X_ij = −(Σ_{j≤k<i} L_ik X_kj) / L_ii,  j < i
 *
 * l: [n×n], of which only the named triangle is read → [n×n].
 * @throws NumericalError for a diagonal entry of 0 and for entries of the triangle that are not finite.
 */
export function invertTriangular<T extends FloatArray>(l: T, n: number, options: TriangleOptions = {}): T {
  const { upper = false } = options;
  checkSquare("invertTriangular", "l", l, n);
  checkTriangle("invertTriangular", l, n, upper);
  if (!upper) return narrow(invertLower(widen(l), n), l);
  // (J·U·J)⁻¹ = J·U⁻¹·J, with J as in `substitute`.
  return narrow(invertLower(widen(l).reverse(), n).reverse(), l);
}

function checkTriangle(operation: string, l: FloatArray, n: number, upper: boolean): void {
  checkFinite(operation, l, n, upper ? "upper" : "lower");
  for (let i = 0; i < n; i++)
    if (l[i * n + i] === 0)
      throw new NumericalError(
        `${operation}: diagonal entry ${i} of ${describe(l, n)} is 0, so there is no inverse; add damping`,
      );
}

/**
 * op(L)⁻¹·B in float64. Every case is brought to forward substitution with a lower triangular matrix, column by column:
 * with J the exchange of first and last, U·X = B is (J·U·J)(J·X) = J·B, where J·U·J is lower triangular: in memory, U
 * read backwards.
 */
export function substitute(
  l: FloatArray,
  b: FloatArray,
  n: number,
  columns: number,
  upper: boolean,
  transpose: boolean,
): Float64Array {
  const backward = upper !== transpose;
  const L = transpose ? transposed(l, n, n) : widen(l);
  const X = transposed(b, n, columns);
  if (backward) {
    L.reverse();
    X.reverse();
  }
  for (let column = 0; column < columns; column++) {
    const x = column * n;
    for (let i = 0; i < n; i++) X[x + i] = (X[x + i] - dot(L, i * n, X, x, i)) / L[i * n + i];
  }
  if (backward) X.reverse();
  return transposed(X, columns, n);
}

/** L⁻¹ in float64 for lower triangular L; X holds its columns as rows. */
export function invertLower(L: Float64Array, n: number): Float64Array {
  const X = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const pivot = L[i * n + i];
    for (let j = 0; j < i; j++) X[j * n + i] = -dot(L, i * n + j, X, j * n + j, i - j) / pivot;
    X[i * n + i] = 1 / pivot;
  }
  return transposed(X, n, n);
}

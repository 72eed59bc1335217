import { type FloatArray } from "../dtype.js";
import { checkFinite, checkSquare, checkSymmetric } from "./checks.js";
import { narrow, transposed, widen } from "./float64.js";
import { implicitQl } from "./implicitQl.js";
import { tridiagonalize } from "./tridiagonalize.js";

/**
 * Eigendecomposition of a symmetric matrix, A = QΛQᵀ: Householder tridiagonalisation, then implicit QL.
 *
 * a: [n×n]; both triangles are compared, the lower one is computed with, in float64 → values: [n], ascending; vectors:
 * Q, [n×n], with the eigenvector of values[j] in COLUMN j, of length 1 and of either sign.
 * @throws RangeError where A is not symmetric up to roundoff; NumericalError for entries that are not finite, or no
 * convergence.
 */
export function symmetricEigen<T extends FloatArray>(a: T, n: number): { values: T; vectors: T } {
  checkSquare("symmetricEigen", "a", a, n);
  const { values, rows } = eigenRows("symmetricEigen", a, n);
  return { values: narrow(values, a), vectors: narrow(transposed(rows, n, n), a) };
}

/** The decomposition in float64, on behalf of the named operation, with the eigenvectors in rows: A = VᵀΛV. */
export function eigenRows(operation: string, a: FloatArray, n: number): { values: Float64Array; rows: Float64Array } {
  checkFinite(operation, a, n, "whole");
  const largest = checkSymmetric(operation, a, n);

  // A power of two, so that scaling rounds nothing; the algorithms then see entries of at most 2.
  const scale = largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest));
  const tridiagonal = tridiagonalize(
    widen(a).map((value) => value / scale),
    n,
  );
  implicitQl(tridiagonal, n, operation);

  const { diagonal, V } = tridiagonal;
  const order = Array.from(diagonal.keys()).sort((i, j) => diagonal[i] - diagonal[j]);
  const values = new Float64Array(n);
  const rows = new Float64Array(n * n);
  order.forEach((from, to) => {
    values[to] = diagonal[from] * scale;
    rows.set(V.subarray(from * n, (from + 1) * n), to * n);
  });
  return { values, rows };
}

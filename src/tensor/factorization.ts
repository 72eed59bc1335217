import type { Triangle } from "./backend.js";
import { placementOf } from "./placement.js";
import { matrixShape } from "./products.js";
import { format } from "./shape.js";
import { Tensor } from "./tensor.js";

/**
 * The lower L with A = LLᵀ. Reads A's lower triangle only.
 * @throws NumericalError for a pivot that is not positive, or non-finite input.
 */
export function cholesky(a: Tensor): Tensor {
  square("cholesky", a);
  return new Tensor(a.shape, a.dtype, a.backend, a.backend.cholesky(a));
}

/**
 * X with op(L)·X = B. L [n, n] is lower triangular (upper if `upper`), read transposed if `transpose`; B is [n, k].
 * @throws RangeError where shapes do not fit, NumericalError for a zero on the diagonal.
 */
export function solveTriangular(l: Tensor, b: Tensor, triangle: Triangle = {}): Tensor {
  const { backend, dtype } = placementOf("solveTriangular", [l, b]);
  const n = square("solveTriangular", l);
  const [rows] = matrixShape("solveTriangular", b.shape);
  if (rows !== n)
    throw new RangeError(`solveTriangular: L is ${format(l.shape)}, but B is ${format(b.shape)}; rows must agree`);
  return new Tensor(b.shape, dtype, backend, backend.solveTriangular(l, b, triangle));
}

/**
 * A⁻¹ of a symmetric positive definite A, exactly symmetric. Reads A's lower triangle only.
 * @throws NumericalError for a pivot that is not positive, or non-finite input.
 */
export function invertSpd(a: Tensor): Tensor {
  square("invertSpd", a);
  return new Tensor(a.shape, a.dtype, a.backend, a.backend.invertSpd(a));
}

/**
 * A = Q diag(values) Qᵀ of a symmetric A: values [n] ascending, vectors Q [n, n] with an eigenvector in each column.
 * @throws NumericalError for non-finite input, RangeError for an asymmetric A.
 */
export function symmetricEigen(a: Tensor): { values: Tensor; vectors: Tensor } {
  const n = square("symmetricEigen", a);
  const { values, vectors } = a.backend.symmetricEigen(a);
  return {
    values: new Tensor([n], a.dtype, a.backend, values),
    vectors: new Tensor([n, n], a.dtype, a.backend, vectors),
  };
}

/** n of an [n, n] matrix. @throws RangeError otherwise. */
export function square(operation: string, a: Tensor): number {
  const [rows, columns] = matrixShape(operation, a.shape);
  if (rows !== columns) throw new RangeError(`${operation}: ${format(a.shape)} is not square`);
  return rows;
}

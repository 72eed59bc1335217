import type { Backend, GramTerms, Transposes } from "./backend.js";
import type { DType } from "./dtype.js";
import { placementOf } from "./placement.js";
import { format, sameShape, type Shape } from "./shape.js";
import { Tensor } from "./tensor.js";

/**
 * op(A)·op(B) of two matrices, either read transposed.
 * @throws RangeError where an operand is no matrix or the inner sizes differ.
 */
export function matmul(a: Tensor, b: Tensor, transposes: Transposes = {}): Tensor {
  const { backend, dtype } = placementOf("matmul", [a, b]);
  const [m, k] = matrixShape("matmul", a.shape, transposes.transposeA);
  const [inner, n] = matrixShape("matmul", b.shape, transposes.transposeB);
  if (k !== inner)
    throw new RangeError(
      `matmul: inner sizes differ in ${format([m, k])} · ${format([inner, n])}${transposes.transposeA || transposes.transposeB ? " (after transposing)" : ""}`,
    );
  return new Tensor([m, n], dtype, backend, backend.matmul(a, b, m, k, n, transposes));
}

/**
 * β·C + w·XᵀY, the accumulation of a covariance: X [m, p], Y [m, q] (X itself where it is missing), C [p, q]. Without Y the result
 * is symmetric, and of C the lower triangle is read.
 * @throws RangeError where shapes do not fit, or β is not 0 and there is no C.
 */
export function gram(x: Tensor, terms: GramTerms<Tensor> = {}): Tensor {
  const { backend, dtype, shape } = checkGram(x, terms);
  return new Tensor(shape, dtype, backend, backend.gram(x, terms));
}

/** Where a gram product lives and its shape [p, q]. @throws as `gram` does. */
export function checkGram(
  x: Tensor,
  { y = x, c, beta = 0 }: GramTerms<Tensor>,
): { backend: Backend; dtype: DType; shape: Shape } {
  const { backend, dtype } = placementOf("gram", c === undefined ? [x, y] : [x, y, c]);
  const [rows, p] = matrixShape("gram", x.shape);
  const [rowsY, q] = matrixShape("gram", y.shape);
  if (rows !== rowsY) throw new RangeError(`gram: X ${format(x.shape)} and Y ${format(y.shape)} differ in rows`);
  if (beta !== 0 && c === undefined) throw new RangeError(`gram: beta is ${beta}, but there is no C to add; pass c`);
  if (c !== undefined && format(c.shape) !== format([p, q]))
    throw new RangeError(`gram: C is ${format(c.shape)}, but XᵀY is ${format([p, q])}`);
  return { backend, dtype, shape: [p, q] };
}

/** ⟨a, b⟩ = Σ a ⊙ b of two tensors of one shape, any rank. @throws RangeError where shapes differ. */
export function dot(a: Tensor, b: Tensor): Tensor {
  const { backend, dtype } = placementOf("dot", [a, b]);
  if (!sameShape(a.shape, b.shape))
    throw new RangeError(`dot: shapes ${format(a.shape)} and ${format(b.shape)} differ`);
  return new Tensor([], dtype, backend, backend.dot(a, b));
}

/** [rows, columns] of op(A). @throws RangeError unless A is a matrix. */
export function matrixShape(operation: string, shape: Shape, transposed = false): [number, number] {
  if (shape.length !== 2)
    throw new RangeError(`${operation}: ${format(shape)} is not a matrix; reshape it to two axes`);
  return transposed ? [shape[1], shape[0]] : [shape[0], shape[1]];
}

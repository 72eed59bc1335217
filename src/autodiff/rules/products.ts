import type { GramTerms, Transposes } from "../../tensor/backend.js";
import * as tensor from "../../tensor/operations.js";
import { format, size } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { apply, levelOf, type Rule } from "../variable.js";
import { reshape } from "./broadcast.js";
import { add, mul } from "./elementwise.js";

/** op(A)·op(B) of two matrices, either read transposed. */
export function matmul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: Transposes = {}): Tensor {
  return apply(matmulRules[Number(transposeA)][Number(transposeB)], a, b);
}

/** The rules of A·B and A·Bᵀ, then of Aᵀ·B and Aᵀ·Bᵀ. */
const matmulRules = [false, true].map((transposeA) =>
  [false, true].map((transposeB) => matmulRule({ transposeA, transposeB })),
);

function matmulRule(transposes: Required<Transposes>): Rule {
  const { transposeA, transposeB } = transposes;
  return {
    name: "matmul",
    value: (a: Tensor, b: Tensor) => tensor.matmul(a, b, transposes),
    vjp: [
      (g, y, a: Tensor, b: Tensor) =>
        transposeA
          ? matmul(b, g, { transposeA: transposeB, transposeB: true })
          : matmul(g, b, { transposeB: !transposeB }),
      (g, y, a: Tensor) =>
        transposeB
          ? matmul(g, a, { transposeA: true, transposeB: transposeA })
          : matmul(a, g, { transposeA: !transposeA }),
    ],
    jvp: [(v, y, a: Tensor, b: Tensor) => matmul(v, b, transposes), (v, y, a: Tensor) => matmul(a, v, transposes)],
    cases: [!transposeA, false],
  };
}

/** β·C + w·XᵀY, the accumulation of a covariance: one pass for tensors, a composition for variables. */
export function gram(x: Tensor, terms: GramTerms<Tensor> = {}): Tensor {
  const { y = x, weight = 1, beta = 0, c } = terms;
  if ([x, y, ...(c ? [c] : [])].every((t) => levelOf(t) === 0)) return tensor.gram(x, terms);
  tensor.checkGram(x, terms);
  const product = mul(matmul(x, y, { transposeA: true }), weight);
  return c === undefined || beta === 0 ? product : add(mul(c, beta), product);
}

/** u vᵀ of two vectors: [m], [n] → [m, n]. */
export function outer(u: Tensor, v: Tensor): Tensor {
  if (u.shape.length !== 1 || v.shape.length !== 1)
    throw new RangeError(`outer: ${format(u.shape)} and ${format(v.shape)} are not two vectors`);
  return matmul(reshape(u, [size(u.shape), 1]), reshape(v, [1, size(v.shape)]));
}

/** A ⊗ B: [p, q], [r, s] → [pr, qs], the block in place (i, j) being aᵢⱼ B. */
export function kron(a: Tensor, b: Tensor): Tensor {
  const [p, q] = tensor.matrixShape("kron", a.shape);
  const [r, s] = tensor.matrixShape("kron", b.shape);
  return reshape(mul(reshape(a, [p, 1, q, 1]), reshape(b, [1, r, 1, s])), [p * r, q * s]);
}

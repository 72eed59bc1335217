import type { Triangle } from "../../tensor/backend.js";
import { fromArray } from "../../tensor/create.js";
import { zeros as zeroArray } from "../../tensor/dtype.js";
import * as tensor from "../../tensor/operations.js";
import type { Tensor } from "../../tensor/tensor.js";
import { apply, levelOf } from "../variable.js";
import { add, log, mul, negative } from "./elementwise.js";
import { concatenate, reshape, slice, transpose } from "./movement.js";
import { matmul } from "./products.js";
import { sum } from "./reduction.js";

/**
 * The lower L with A = LLᵀ. A is symmetric; only its lower triangle is read, and derivatives are those of A ↦ cholesky(½(A + Aᵀ)).
 *
 * With Φ(X) the lower triangle of X, its diagonal halved (Smith 1995; Murray 2016):
 *   forward  V ↦ L Φ(L⁻¹ V L⁻ᵀ),   reverse  g ↦ sym(L⁻ᵀ Φ(Lᵀ g) L⁻¹).
 */
export function cholesky(a: Tensor): Tensor {
  return apply(
    {
      name: "cholesky",
      value: tensor.cholesky,
      vjp: [(g, l) => symmetric(conjugate(l, phi(matmul(l, g, { transposeA: true })), { transpose: true }))],
      jvp: [(v, l) => matmul(l, phi(conjugate(l, symmetric(v), {})))],
    },
    a,
  );
}

/**
 * X with op(L)·X = B; L is lower triangular (upper if `upper`) and read transposed if `transpose`.
 * With M = op(L):  forward  M⁻¹(V_B − V_M X),   reverse  B̄ = M⁻ᵀ g, M̄ = −B̄ Xᵀ, of which L's triangle counts.
 */
export function solveTriangular(
  l: Tensor,
  b: Tensor,
  { upper = false, transpose: transposed = false }: Triangle = {},
): Tensor {
  const triangle = { upper, transpose: transposed };
  const flipped = { upper, transpose: !transposed };
  return apply(
    {
      name: "solveTriangular",
      value: (l: Tensor, b: Tensor) => tensor.solveTriangular(l, b, triangle),
      vjp: [
        (g, x, l: Tensor) => {
          const gB = solveTriangular(l, g, flipped);
          return negative(
            mul(
              triangleOf(l, upper),
              transposed ? matmul(x, gB, { transposeB: true }) : matmul(gB, x, { transposeB: true }),
            ),
          );
        },
        (g, x, l: Tensor) => solveTriangular(l, g, flipped),
      ],
      jvp: [
        (v, x, l: Tensor) =>
          negative(solveTriangular(l, matmul(mul(v, triangleOf(l, upper)), x, { transposeA: transposed }), triangle)),
        (v, x, l: Tensor) => solveTriangular(l, v, triangle),
      ],
    },
    l,
    b,
  );
}

/** A⁻¹ of a symmetric positive definite A. With Y = A⁻¹: forward V ↦ −Y V Y, and the same in reverse. */
export function invertSpd(a: Tensor): Tensor {
  const derivative = (v: Tensor, y: Tensor) => negative(matmul(matmul(y, symmetric(v)), y));
  return apply({ name: "invertSpd", value: tensor.invertSpd, vjp: [derivative], jvp: [derivative] }, a);
}

/** X with A·X = B for a symmetric positive definite A, by A = LLᵀ. B: [n, k]. */
export function solveSpd(a: Tensor, b: Tensor): Tensor {
  const l = cholesky(a);
  return solveTriangular(l, solveTriangular(l, b), { transpose: true });
}

/** log det A = 2 Σ log Lᵢᵢ of a symmetric positive definite A. */
export function logDeterminant(a: Tensor): Tensor {
  return mul(sum(log(diagonal(cholesky(a)))), 2);
}

/** The diagonal of a square matrix: [n, n] → [n]. All of it but the last element is the first column of the elements in rows of n + 1. */
export function diagonal(a: Tensor): Tensor {
  const n = tensor.square("diagonal", a);
  const flat = reshape(a, [n * n]);
  if (n < 2) return flat;
  const rows = reshape(slice(flat, [[0, n * n - 1]]), [n - 1, n + 1]);
  const column = slice(rows, [null, [0, 1]]);
  return concatenate([reshape(column, [n - 1]), slice(flat, [[n * n - 1, n * n]])]);
}

/** Σ aᵢᵢ of a square matrix. */
export function trace(a: Tensor): Tensor {
  return sum(diagonal(a));
}

/**
 * A = Q diag(values) Qᵀ of a symmetric A: values ascending, an eigenvector in each column of Q. It has no derivative.
 * @throws TypeError for a variable.
 */
export function symmetricEigen(a: Tensor): { values: Tensor; vectors: Tensor } {
  if (levelOf(a) > 0)
    throw new TypeError("symmetricEigen: has no derivative; detach(a) first, or use cholesky or invertSpd");
  return tensor.symmetricEigen(a);
}

/** ½(X + Xᵀ). */
function symmetric(x: Tensor): Tensor {
  return mul(add(x, transpose(x)), 0.5);
}

/** M⁻¹ X M⁻ᵀ with M = L, or Lᵀ if `transpose`. */
function conjugate(l: Tensor, x: Tensor, triangle: Triangle): Tensor {
  const half = solveTriangular(l, x, triangle);
  return transpose(solveTriangular(l, transpose(half), triangle));
}

/** Φ: the lower triangle, its diagonal halved. */
function phi(x: Tensor): Tensor {
  return mul(x, triangleOf(x, false, 0.5));
}

/** Ones on a triangle, `onDiagonal` on the diagonal, zeros elsewhere. */
function triangleOf(like: Tensor, upper: boolean, onDiagonal = 1): Tensor {
  const n = tensor.square("triangle", like);
  const mask = zeroArray(like.dtype, n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) mask[upper ? j * n + i : i * n + j] = 1;
    mask[i * n + i] = onDiagonal;
  }
  return fromArray(mask, [n, n], like.backend);
}

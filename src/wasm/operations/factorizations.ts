import type { Operand, Triangle } from "../../tensor/backend.js";
import type { DType, FloatArray } from "../../tensor/dtype.js";
import { NumericalError } from "../../tensor/errors.js";
import { checkFinite, checkSymmetric, describe, show } from "../../tensor/linalg/checks.js";
import { format } from "../../tensor/shape.js";
import type { Block } from "../heap.js";
import { address, type Runtime } from "../runtime.js";
import { permute } from "./movement.js";

/** A copy of A, overwritten with its Cholesky factor. */
export function cholesky(runtime: Runtime, a: Operand): Block {
  const n = a.shape[0];
  const l = runtime.heap.store(runtime.view(a));
  const { pivot, scratch } = workspace(runtime, runtime.call("choleskyScratch", a.dtype, n, runtime.threads));
  const status = runtime.share(n ** 3 / 6, "cholesky", a.dtype, n, l.address, n, pivot, scratch);
  if (status === 0) return l;
  runtime.heap.release(l);
  throw failure(runtime, "cholesky", a, status, pivot);
}

/** A⁻¹ by Cholesky. */
export function invertSpd(runtime: Runtime, a: Operand): Block {
  const n = a.shape[0];
  const out = runtime.allocate(n * n, a.dtype);
  const { pivot, scratch } = workspace(runtime, runtime.call("invertSpdScratch", a.dtype, n, runtime.threads));
  const status = runtime.share(n ** 3 / 2, "invertSpd", a.dtype, n, address(a), out.address, pivot, scratch);
  if (status === 0) return out;
  runtime.heap.release(out);
  throw failure(runtime, "invertSpd", a, status, pivot);
}

/** X with op(L)·X = B. The kernel takes lower triangles; an upper one is the transpose of a lower one. */
export function solveTriangular(runtime: Runtime, l: Operand, b: Operand, { upper, transpose }: Triangle): Block {
  const [n = 0, columns = 0] = b.shape;
  checkDiagonal(runtime.view(l), n, l.dtype);
  const lower = upper ? permute(runtime, l, [1, 0]) : undefined;
  const x = runtime.heap.store(runtime.view(b));
  const transposed = Number(Boolean(transpose) !== Boolean(upper));
  const scratch = runtime.scratch(runtime.call("solveScratch", l.dtype, n, columns, runtime.threads));
  const from = lower?.address ?? address(l);
  runtime.share(
    (n * n * columns) / 2,
    "solveTriangular",
    l.dtype,
    0,
    transposed,
    n,
    columns,
    from,
    n,
    x.address,
    columns,
    scratch,
  );
  if (lower !== undefined) runtime.heap.release(lower);
  return x;
}

/**
 * A = Q diag(values) Qᵀ.
 * @throws RangeError for an asymmetric A; NumericalError for entries that are not finite, or no convergence.
 */
export function symmetricEigen(runtime: Runtime, a: Operand): { values: Block; vectors: Block } {
  const n = a.shape[0];
  // What is not exactly symmetric is looked at closely.
  if (runtime.call("isSymmetric", a.dtype, n, address(a)) === 0) {
    const entries = runtime.view(a);
    checkFinite("symmetricEigen", entries, n, "whole");
    checkSymmetric("symmetricEigen", entries, n);
  }
  const values = runtime.allocate(n, a.dtype);
  const vectors = runtime.allocate(n * n, a.dtype);
  const scratch = runtime.scratch(runtime.call("symmetricEigenScratch", a.dtype, n, runtime.threads));
  const parameters = [n, address(a), values.address, vectors.address, scratch];
  const status = runtime.share(n ** 3, "symmetricEigen", a.dtype, ...parameters);
  if (status === 0) return { values, vectors };
  runtime.heap.release(values);
  runtime.heap.release(vectors);
  checkFinite("symmetricEigen", runtime.view(a), n, "whole");
  throw new NumericalError(
    `symmetricEigen: no convergence for a ${format(a.shape)} ${a.dtype} matrix; scale it or add damping`,
  );
}

/** Scratch memory with room for the pivot (f64) that a failed factorization reports. */
function workspace(runtime: Runtime, bytes: number): { pivot: number; scratch: number } {
  const pivot = runtime.scratch(64 + bytes);
  return { pivot, scratch: pivot + 64 };
}

/** What went wrong: an entry that is not finite, or a pivot that is not positive. status is 1 + the pivot's index. */
function failure(runtime: Runtime, operation: string, a: Operand, status: number, pivot: number): NumericalError {
  const n = a.shape[0];
  const entries = runtime.view(a);
  checkFinite(operation, entries, n, "lower");
  const value = new Float64Array(runtime.heap.memory.buffer, pivot, 1)[0];
  return new NumericalError(
    `${operation}: pivot ${status - 1} of ${describe(entries, n)} is ${show(value)}, not positive; add damping`,
  );
}

/** @throws NumericalError for a zero on the diagonal. */
function checkDiagonal(l: FloatArray, n: number, dtype: DType): void {
  for (let i = 0; i < n; i++)
    if (l[i * n + i] === 0)
      throw new NumericalError(
        `solveTriangular: diagonal entry ${i} of a ${format([n, n])} ${dtype} matrix is 0; add damping`,
      );
}

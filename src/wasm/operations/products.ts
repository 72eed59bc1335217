import type { GramTerms, Operand, Transposes } from "../../tensor/backend.js";
import type { DType } from "../../tensor/dtype.js";
import type { Block } from "../heap.js";
import { address, type Runtime } from "../runtime.js";

/** op(A)·op(B): strides make all four transpositions one kernel. */
export function matmul(
  runtime: Runtime,
  a: Operand,
  b: Operand,
  m: number,
  k: number,
  n: number,
  { transposeA, transposeB }: Transposes,
): Block {
  const out = runtime.allocate(m * n, a.dtype);
  const A = [address(a), ...(transposeA ? [1, m] : [k, 1])];
  const B = [address(b), ...(transposeB ? [1, k] : [n, 1])];
  gemm(runtime, a.dtype, m, n, k, 1, A, B, 0, 0, out.address);
  return out;
}

/** β·C + w·XᵀY; half the work where Y is X. */
export function gram(runtime: Runtime, x: Operand, { y, weight = 1, beta = 0, c }: GramTerms<Operand>): Block {
  const [rows = 0, p = 0] = x.shape;
  const q = y?.shape[1] ?? p;
  const out = runtime.allocate(p * q, x.dtype);
  const [from, scale] = c === undefined || beta === 0 ? [0, 0] : [address(c), beta];
  if (y !== undefined && y !== x) {
    gemm(runtime, x.dtype, p, q, rows, weight, [address(x), 1, p], [address(y), q, 1], scale, from, out.address);
    return out;
  }
  const scratch = runtime.scratch(runtime.call("gemmScratch", x.dtype, p, p, rows, runtime.threads));
  runtime.share(p * p * rows, "gram", x.dtype, p, rows, weight, address(x), p, scale, from, out.address, scratch);
  return out;
}

/** C = α·A·B + β·C₀ with A and B as [address, row stride, column stride]; C is [m, n], contiguous. */
function gemm(
  runtime: Runtime,
  dtype: DType,
  m: number,
  n: number,
  k: number,
  alpha: number,
  A: readonly number[],
  B: readonly number[],
  beta: number,
  c0: number,
  c: number,
): void {
  const scratch = runtime.scratch(runtime.call("gemmScratch", dtype, m, n, k, runtime.threads));
  runtime.share(m * n * k, "gemm", dtype, 0, m, n, k, alpha, ...A, ...B, beta, c0, c, n, scratch);
}

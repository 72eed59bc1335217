import { dtypeOf, zeros, type FloatArray } from "../dtype.js";
import { checkLength, checkSameType, checkSeparate, checkSizes } from "./checks.js";
import { multiplyPanels, packPanels } from "./tiles.js";

export interface MatmulOptions<T extends FloatArray> {
  /** a is stored as [k×m] and read transposed. */
  readonly transposeA?: boolean;
  /** b is stored as [n×k] and read transposed. */
  readonly transposeB?: boolean;
  /** [m×n], overwritten and returned; shares no memory with a or b. A new array where it is missing. */
  readonly out?: T;
}

/**
 * op(A)·op(B), with C_ij = Σ_k op(A)_ik op(B)_kj, where op is the matrix itself or its transpose.
 * op(A): [m×k], op(B): [k×n] → [m×n]. Zeros where k is 0.
 *
 * Rows of op(A) and columns of op(B) are packed into panels, then every 3×3 tile of C is one run over k, summed in
 * float64.
 * @throws RangeError for sizes and lengths that do not fit; TypeError where a, b and out differ in element type.
 */
export function matmul<T extends FloatArray>(
  a: T,
  b: T,
  m: number,
  k: number,
  n: number,
  options: MatmulOptions<T> = {},
): T {
  const { transposeA = false, transposeB = false } = options;
  checkSizes("matmul", { m, k, n });
  checkLength("matmul", "a", a, transposeA ? k : m, transposeA ? m : k);
  checkLength("matmul", "b", b, transposeB ? n : k, transposeB ? k : n);
  const C = options.out ?? (zeros(dtypeOf(a), m * n) as T);
  checkLength("matmul", "out", C, m, n);
  checkSameType("matmul", { a, b, out: C });
  checkSeparate("matmul", C, { a, b });

  const A = transposeA ? packPanels(a, m, k, 1, m) : packPanels(a, m, k, k, 1);
  const B = transposeB ? packPanels(b, n, k, k, 1) : packPanels(b, n, k, 1, n);
  multiplyPanels(C, A, B, m, k, n);
  return C;
}

import { choleskyScratch, cholesky } from "./cholesky";
import { A_UPPER, B_LOWER, C_LOWER, gemm, roundUp } from "./gemm";
import { mirror } from "./gram";
import { invertScratch, invertTriangular } from "./triangular";

/** Bytes of scratch memory for a matrix of order n; L is kept there. */
export function invertSpdScratch<T>(n: i32, threads: i32): i32 {
  return roundUp(n * n * sizeof<T>(), 64) + max(choleskyScratch<T>(n, threads), invertScratch<T>(n, threads));
}

/**
 * A⁻¹ = L⁻ᵀL⁻¹ with A = LLᵀ: three steps of n³/3 operations each, exactly symmetric. A: [n, n] contiguous, its lower
 * triangle is read; inverse: [n, n], may be A itself. Status and pivot as in cholesky; on failure inverse is untouched.
 */
export function invertSpd<T>(pool: usize, n: i32, a: usize, inverse: usize, pivot: usize, scratch: usize): i32 {
  const l = scratch;
  const rest = scratch + roundUp(n * n * sizeof<T>(), 64);
  memory.copy(l, a, n * n * sizeof<T>());
  const status = cholesky<T>(pool, n, l, n, pivot, rest);
  if (status) return status;
  invertTriangular<T>(pool, n, l, n, rest);
  const structure = A_UPPER | B_LOWER | C_LOWER;
  gemm<T>(pool, structure, n, n, n, 1, l, 1, n, l, n, 1, 0, inverse, inverse, n, rest);
  mirror<T>(pool, n, inverse, n, rest);
  return 0;
}

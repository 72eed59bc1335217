import { C_LOWER, gemm, gemmScratch } from "./gemm";
import { madd } from "./microkernel";
import { solve, solveScratch } from "./triangular";

/** Rows that factorBlock handles, and the largest part that is not halved at a multiple of it. */
const LEAF = 32;

/** Bytes of scratch memory for a matrix of order n. */
export function choleskyScratch<T>(n: i32, threads: i32): i32 {
  return max(max(solveScratch<T>(n, n, threads), gemmScratch<T>(n, n, n, threads)), (LEAF + 4) * LEAF * sizeof<T>());
}

/**
 * Overwrites the symmetric positive definite A, whose lower triangle is read, with its Cholesky factor: A = LLᵀ, zeros above.
 * Returns 0, or 1 + the index of the first pivot that is not positive and finite; that pivot is written to `pivot` (f64).
 */
export function cholesky<T>(pool: usize, n: i32, a: usize, lda: i32, pivot: usize, scratch: usize): i32 {
  const status = factor<T>(pool, n, a, lda, pivot, scratch);
  for (let i = 0; i < n - 1; i++) memory.fill(a + (i * lda + i + 1) * sizeof<T>(), 0, (n - 1 - i) * sizeof<T>());
  return status;
}

/** By halves: L₁₁ = chol(A₁₁), L₂₁ = A₂₁L₁₁⁻ᵀ, L₂₂ = chol(A₂₂ − L₂₁L₂₁ᵀ). */
function factor<T>(pool: usize, n: i32, a: usize, lda: i32, pivot: usize, scratch: usize): i32 {
  if (n <= LEAF) return factorBlock<T>(n, a, lda * sizeof<T>(), pivot, scratch);
  const n1 = ((n / 2 + LEAF - 1) / LEAF) * LEAF;
  const n2 = n - n1;
  const a21 = a + n1 * lda * sizeof<T>();
  const a22 = a21 + n1 * sizeof<T>();
  let status = factor<T>(pool, n1, a, lda, pivot, scratch);
  if (status) return status;
  solve<T>(pool, true, n1, n2, a, lda, 1, a21, 1, lda, scratch);
  gemm<T>(pool, C_LOWER, n2, n2, n1, -1, a21, lda, 1, a21, 1, lda, 1, a22, a22, lda, scratch);
  status = factor<T>(pool, n2, a22, lda, pivot, scratch);
  return status ? n1 + status : 0;
}

/**
 * One block, as U = Lᵀ so that rows are contiguous, four rows of U at a time: subtract the products with all rows above
 * (kept in registers), then factor the four among themselves. Vectors start at multiples of eight, so the lower triangle
 * of U holds leftovers.
 */
function factorBlock<T>(n: i32, a: usize, lda: i32, pivot: usize, u: usize): i32 {
  const row = LEAF * sizeof<T>();
  memory.fill(u, 0, LEAF * row);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) store<T>(u + j * row + i * sizeof<T>(), load<T>(a + i * lda + j * sizeof<T>()));
  }
  const end = n * sizeof<T>();
  for (let k = 0; k < n; k += 4) {
    for (let j = (k * sizeof<T>()) & ~31; j < end; j += 32) subtractAbove<T>(k, u + k * sizeof<T>(), u + j, row);
    const rows = min(4, n - k);
    for (let r = k; r < k + rows; r++) {
      const ur = u + r * row;
      const d = load<T>(ur + r * sizeof<T>());
      if (!(d > <T>0 && d < <T>Infinity)) {
        store<f64>(pivot, <f64>d);
        return r + 1;
      }
      const root = sqrt<T>(d);
      const scale = v128.splat<T>(<T>1 / root);
      const from = (r * sizeof<T>()) & ~15;
      for (let j = from; j < end; j += 16) v128.store(ur + j, v128.mul<T>(v128.load(ur + j), scale));
      store<T>(ur + r * sizeof<T>(), root);
      for (let i = r + 1; i < k + rows; i++) {
        const ui = u + i * row;
        const x = v128.splat<T>(-load<T>(ur + i * sizeof<T>()));
        for (let j = from; j < end; j += 16) v128.store(ui + j, madd<T>(x, v128.load(ur + j), v128.load(ui + j)));
      }
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) store<T>(a + i * lda + j * sizeof<T>(), load<T>(u + j * row + i * sizeof<T>()));
  }
  return 0;
}

/** Rows k … k + 3 −= Σ_{p<k} uₚₖ·uₚ, for two vectors of columns beginning at `columns`; factors: uₚₖ … uₚ,ₖ₊₃. */
function subtractAbove<T>(k: i32, factors: usize, columns: usize, row: i32): void {
  let c00 = v128.splat<T>(<T>0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let above = columns;
  for (let p = 0; p < k; p++) {
    const u0 = v128.load(above);
    const u1 = v128.load(above, 16);
    let x = v128.load_splat<T>(factors);
    c00 = madd<T>(x, u0, c00);
    c01 = madd<T>(x, u1, c01);
    x = v128.load_splat<T>(factors, sizeof<T>());
    c10 = madd<T>(x, u0, c10);
    c11 = madd<T>(x, u1, c11);
    x = v128.load_splat<T>(factors, 2 * sizeof<T>());
    c20 = madd<T>(x, u0, c20);
    c21 = madd<T>(x, u1, c21);
    x = v128.load_splat<T>(factors, 3 * sizeof<T>());
    c30 = madd<T>(x, u0, c30);
    c31 = madd<T>(x, u1, c31);
    factors += row;
    above += row;
  }
  subtractRow<T>(above, c00, c01);
  subtractRow<T>((above += row), c10, c11);
  subtractRow<T>((above += row), c20, c21);
  subtractRow<T>((above += row), c30, c31);
}

function subtractRow<T>(c: usize, x0: v128, x1: v128): void {
  v128.store(c, v128.sub<T>(v128.load(c), x0));
  v128.store(c, v128.sub<T>(v128.load(c, 16), x1), 16);
}

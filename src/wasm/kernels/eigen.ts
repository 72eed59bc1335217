import { divideAndConquer, treeBytes } from "./divideAndConquer";
import { A_UPPER, C_LOWER, gemm, gemmScratch, roundUp } from "./gemm";
import { copyRow, transpose } from "./movement";
import { combine, subtractRows } from "./rows";
import { sortByValue } from "./sort";
import { all, lanes, sumLanes } from "./vectors";
import { panelBytes, PANEL, tridiagonalize } from "./tridiagonal";

/** Reflectors applied to the eigenvectors at a time; fewer up to order SMALL, where the zeros in each block count. */
const BLOCK: i32 = 64;
const SMALL_BLOCK: i32 = 16;
const SMALL: i32 = 256;

/** Bytes of scratch memory for a matrix of order n. */
export function symmetricEigenScratch<T>(n: i32, threads: i32): i32 {
  const matrix = roundUp(n * n * sizeof<T>(), 64);
  const vectors = 4 * roundUp(n * 8, 64);
  const shared = max(roundUp(panelBytes<T>(n), 64), max(treeBytes<T>(n), blockBytes<T>(n)));
  return 3 * matrix + vectors + roundUp(shared, 64) + gemmScratch<T>(n, n, max(n, 2 * PANEL), threads);
}

function blockBytes<T>(n: i32): i32 {
  return (2 * n * BLOCK + 2 * BLOCK * BLOCK) * sizeof<T>();
}

/**
 * A = QΛQᵀ for symmetric A: eigenvalues ascending in `values` [n], eigenvectors in the columns of `vectors` [n, n].
 * A [n, n] is kept (vectors may be A itself); its upper triangle is read. Returns 0, 1 if A is not finite, 2 if an iteration did not converge.
 *
 * A is scaled by a power of two, reduced to a tridiagonal matrix, that is solved by divide and conquer, and its eigenvectors
 * are put in order and mapped back by the reflectors. All but the matrix-vector products of the reduction are products of matrices.
 */
export function symmetricEigen<T>(pool: usize, n: i32, a: usize, values: usize, vectors: usize, scratch: usize): i32 {
  if (n <= 0) return 0;
  const matrix = roundUp(n * n * sizeof<T>(), 64);
  const list = roundUp(n * 8, 64);
  const work = scratch;
  const v = work + matrix;
  const q = v + matrix;
  const tau = q + matrix;
  const d = tau + list;
  const e = d + list;
  const order = e + list;
  const space = order + list;
  const shared = max(roundUp(panelBytes<T>(n), 64), max(treeBytes<T>(n), blockBytes<T>(n)));
  const rest = space + roundUp(shared, 64);

  const scale = scaleCopy<T>(n, a, work);
  if (scale == 0) return 1;
  tridiagonalize<T>(pool, n, work, v, tau, d, e, space, rest);
  if (divideAndConquer<T>(pool, n, d, e, q, space, rest)) return 2;
  sortByValue(0, n, d, order);
  for (let k = 0; k < n; k++) {
    const from = load<i32>(order + k * 4);
    store<T>(values + k * sizeof<T>(), <T>(load<f64>(d + from * 8) / scale));
    copyRow<T>(n * sizeof<T>(), q + from * n * sizeof<T>(), work + k * n * sizeof<T>());
  }
  transpose<T>(n, n, work, n, vectors, n);
  const block = n > SMALL ? BLOCK : SMALL_BLOCK;
  for (let first = ((n - 1) / block) * block; first >= 0; first -= block) {
    applyReflectors<T>(pool, n, first, min(block, n - first), v, tau, vectors, space, rest);
  }
  return 0;
}

/** Tiles of so many rows are compared with their mirror images. */
const TILE: i32 = 16;

/** 1 where a [n, n] equals its transpose exactly, and nothing is NaN. */
export function isSymmetric<T>(n: i32, a: usize): i32 {
  for (let top = 0; top < n; top += TILE) {
    for (let left = 0; left <= top; left += TILE) {
      for (let i = top; i < min(top + TILE, n); i++) {
        for (let j = left; j <= min(left + TILE - 1, i); j++) {
          if (load<T>(a + (i * n + j) * sizeof<T>()) != load<T>(a + (j * n + i) * sizeof<T>())) return 0;
        }
      }
    }
  }
  return 1;
}

/** 2ᵏ is at most this: one more for the smallest of subnormal numbers, and it would be infinite. */
const MOST_SCALE: f64 = 2.0 ** 1000;

/** to = 2ᵏ·a with its largest element near 1 (subnormal ones: above 2⁻⁷⁵); returns 2ᵏ, or 0 if the upper triangle is not finite. */
function scaleCopy<T>(n: i32, a: usize, to: usize): f64 {
  let mosts = all<T>(0);
  let zeros = all<T>(0);
  let most: f64 = 0;
  let zero: f64 = 0;
  for (let i = 0; i < n; i++) {
    let at = a + i * (n + 1) * sizeof<T>();
    const end = a + (i + 1) * n * sizeof<T>();
    for (; at + 16 <= end; at += 16) {
      const x = v128.load(at);
      mosts = v128.max<T>(mosts, v128.abs<T>(x));
      zeros = v128.add<T>(zeros, v128.mul<T>(x, all<T>(0)));
    }
    for (; at < end; at += sizeof<T>()) {
      const x = <f64>load<T>(at);
      most = max(most, abs(x));
      zero += x * 0;
    }
  }
  v128.store(to, mosts);
  for (let i = 0; i < lanes<T>(); i++) most = max(most, <f64>load<T>(to + i * sizeof<T>()));
  zero += sumLanes<T>(zeros);
  if (zero != 0) return 0;
  let scale: f64 = 1;
  while (most > 0 && most * scale < 0.5 && scale < MOST_SCALE) scale *= 2;
  while (most * scale >= 1) scale *= 0.5;
  // In two steps: float32 has no 2¹⁴⁹.
  const some = min(scale, 2.0 ** 100);
  const first = all<T>(some);
  const second = all<T>(scale / some);
  const end = to + n * n * sizeof<T>();
  for (; to + 16 <= end; to += 16, a += 16) v128.store(to, v128.mul<T>(v128.mul<T>(v128.load(a), first), second));
  for (; to < end; to += sizeof<T>(), a += sizeof<T>()) store<T>(to, load<T>(a) * <T>some * <T>(scale / some));
  return scale;
}

/**
 * H_first … H_last times Z: I − VᵀSV with the reflectors as rows of V and S upper triangular (Schreiber & Van Loan, 1989):
 * Z += Vᵀ·((−S·V)·Z). V is zero up to column `first`.
 */
function applyReflectors<T>(
  pool: usize,
  n: i32,
  first: i32,
  count: i32,
  v: usize,
  tau: usize,
  z: usize,
  space: usize,
  scratch: usize,
): void {
  const from = first + 1;
  const width = n - from;
  if (width <= 0) return;
  const products = space;
  const scaled = products + n * BLOCK * sizeof<T>();
  const inner = scaled + n * BLOCK * sizeof<T>();
  const s = inner + BLOCK * BLOCK * sizeof<T>();
  const block = v + (first * n + from) * sizeof<T>();
  const target = z + from * n * sizeof<T>();
  // Small products are faster whole than with their zeros skipped.
  const lower = n > SMALL ? C_LOWER : 0;
  const upper = n > SMALL ? A_UPPER : 0;
  gemm<T>(pool, lower, count, count, width, 1, block, n, 1, block, 1, n, 0, inner, inner, BLOCK, scratch);
  triangle<T>(count, inner, tau + first * 8, s);
  gemm<T>(pool, upper, count, width, count, 1, s, 1, BLOCK, block, n, 1, 0, scaled, scaled, width, scratch);
  gemm<T>(pool, 0, count, n, width, 1, scaled, width, 1, target, n, 1, 0, products, products, n, scratch);
  gemm<T>(pool, 0, width, n, count, 1, block, 1, n, products, n, 1, 1, target, target, n, scratch);
}

/** −Sᵀ of count reflectors: s_jj = τⱼ, and row j is −τⱼ·(VVᵀ)ⱼ·Sᵀ before it; inner: VVᵀ, its lower triangle. */
function triangle<T>(count: i32, inner: usize, tau: usize, s: usize): void {
  const row = BLOCK * sizeof<T>();
  memory.fill(s, 0, count * row);
  for (let j = 0; j < count; j++) {
    const t = load<f64>(tau + j * 8);
    const sj = s + j * row;
    subtractRows<T>(j, j, s, row, inner + j * row, sj);
    combine<T>(j, <T>t, sj, <T>0, sj);
    store<T>(sj + j * sizeof<T>(), <T>-t);
  }
}

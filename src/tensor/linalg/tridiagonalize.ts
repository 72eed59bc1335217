import { dot } from "./float64.js";

/** A = VᵀTV with T symmetric tridiagonal and V orthogonal. */
export interface Tridiagonal {
  /** T_ii, [n]. */
  readonly diagonal: Float64Array;
  /** T_{i,i+1} = T_{i+1,i}, [n]; the last is 0. */
  readonly offDiagonal: Float64Array;
  /** V, [n×n]. */
  readonly V: Float64Array;
}

/**
 * Householder tridiagonalisation (Golub & Van Loan, §8.3.1, from the last row up, so that the lower triangle is met row
 * by row).
 *
 * For i = n−1, …, 2 the reflection H_i = I − τvvᵀ acts on coordinates 0…i−1 and takes x, the part of row i left of the
 * diagonal, to H_i x = α e_{i−1}. Then the leading [i×i] block becomes
 *
 *     H A H = A − v wᵀ − w vᵀ,  w = p − ½τ(pᵀv) v,  p = τAv
 *
 * and in the end V = H_2 H_3 ⋯ H_{n−1}. A: [n×n], lower triangle read; overwritten.
 */
export function tridiagonalize(A: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const taus = new Float64Array(n);
  const w = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    const row = i * n;
    diagonal[i] = A[row + i];
    offDiagonal[i - 1] = i === 1 ? A[row] : reflect(A, row, i, taus);
    if (taus[i] !== 0) updateLeadingBlock(A, n, i, taus[i], w);
  }
  if (n > 0) diagonal[0] = A[0];
  return { diagonal, offDiagonal, V: multiplyReflections(A, n, taus) };
}

/**
 * Replaces x = A[row … row + i − 1] by the v of its reflection, sets τ_i = 2/vᵀv and returns α = −sign(x_{i−1})‖x‖.
 *
 *     v = x/s − (α/s) e_{i−1},  s = max |x_j|, so that no square overflows or is lost
 *
 * Where x is already a multiple of e_{i−1}, H_i = I: τ_i = 0.
 */
function reflect(A: Float64Array, row: number, i: number, taus: Float64Array): number {
  const last = row + i - 1;
  let scale = 0;
  for (let at = row; at < last; at++) scale = Math.max(scale, Math.abs(A[at]));
  if (scale === 0) return A[last];
  scale = Math.max(scale, Math.abs(A[last]));
  for (let at = row; at <= last; at++) A[at] /= scale;
  const norm = Math.sqrt(dot(A, row, A, row, i));
  const alpha = A[last] > 0 ? -norm : norm;
  taus[i] = 1 / (norm * (norm + Math.abs(A[last])));
  A[last] -= alpha;
  return alpha * scale;
}

/** A ← A − v wᵀ − w vᵀ on the lower triangle of the leading [i×i] block, with v in row i. w: work space. */
function updateLeadingBlock(A: Float64Array, n: number, i: number, tau: number, w: Float64Array): void {
  const v = i * n;
  // p = τAv, of which row r holds A_rc for c ≤ r and, by symmetry, A_cr.
  for (let r = 0; r < i; r++) {
    const row = r * n;
    const vr = A[v + r];
    let sum = A[row + r] * vr;
    for (let c = 0; c < r; c++) {
      const arc = A[row + c];
      sum += arc * A[v + c];
      w[c] += tau * vr * arc;
    }
    w[r] = tau * sum;
  }
  const half = 0.5 * tau * dot(w, 0, A, v, i);
  for (let r = 0; r < i; r++) w[r] -= half * A[v + r];
  for (let r = 0; r < i; r++) {
    const row = r * n;
    const vr = A[v + r];
    const wr = w[r];
    for (let c = 0; c <= r; c++) A[row + c] -= vr * w[c] + wr * A[v + c];
  }
}

/** V = H_2 H_3 ⋯ H_{n−1}, with the v of H_i in row i of A; the product so far only fills its leading block. */
function multiplyReflections(A: Float64Array, n: number, taus: Float64Array): Float64Array {
  const V = new Float64Array(n * n);
  for (let i = 0; i < n; i++) V[i * n + i] = 1;
  for (let i = 2; i < n; i++) {
    const v = i * n;
    for (let r = 0; r < i; r++) {
      const row = r * n;
      const scale = taus[i] * dot(V, row, A, v, i);
      for (let c = 0; c < i; c++) V[row + c] -= scale * A[v + c];
    }
  }
  return V;
}

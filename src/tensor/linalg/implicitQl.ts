import { NumericalError } from "../errors.js";
import type { Tridiagonal } from "./tridiagonalize.js";

/** Sweeps allowed for each eigenvalue, on average; fewer than 2 are usual. LAPACK's dsteqr has the same limit. */
const SWEEPS_PER_EIGENVALUE = 30;

/** Below 2⁻¹⁰⁰⁰ an off-diagonal entry is nothing beside a matrix of entries near 1. */
const SMALLEST = 2 ** -1000;

/**
 * Diagonalises T = GΛGᵀ by the implicit QL algorithm with Wilkinson's shift (Parlett, The Symmetric Eigenvalue Problem,
 * ch. 8; the mirror image of Golub & Van Loan, Algorithms 8.3.2 and 8.3.3). On return `diagonal` holds Λ, in no order,
 * and V is replaced by GᵀV, so that A = VᵀΛV: row i of V is the eigenvector of diagonal[i].
 *
 * A step of QL on T − σI is RᵀTR with R a product of rotations of neighbouring coordinates, from the bottom of a block
 * up. T is scaled to entries near 1 by the caller.
 * @throws NumericalError where the sweeps do not converge.
 */
export function implicitQl({ diagonal: d, offDiagonal: e, V }: Tridiagonal, n: number, operation: string): void {
  let sweepsLeft = SWEEPS_PER_EIGENVALUE * n;
  for (let top = 0; top < n; top++)
    for (;;) {
      let bottom = top;
      while (bottom < n - 1 && !isNegligible(d, e, bottom)) bottom++;
      if (bottom < n - 1) e[bottom] = 0;
      if (bottom === top) break;
      if (sweepsLeft-- === 0)
        throw new NumericalError(
          `${operation}: eigenvalue ${top} of ${n} has not converged after ${SWEEPS_PER_EIGENVALUE * n} sweeps; add damping`,
        );
      sweep(d, e, V, n, top, bottom);
    }
}

/** Whether T_{i,i+1} can be 0: the change is one roundoff of its neighbours. */
function isNegligible(d: Float64Array, e: Float64Array, i: number): boolean {
  return Math.abs(e[i]) <= Number.EPSILON * (Math.abs(d[i]) + Math.abs(d[i + 1])) + SMALLEST;
}

/**
 * One QL step on the block top…bottom. The rotation of coordinates i and i+1 by c = x/r, s = z/r, r = √(x² + z²) maps
 *
 *     u_{i+1} = c e_{i+1} + s e_i,  u_i = c e_i − s e_{i+1}
 *
 * and with d_i = T_ii, e_i = T_{i,i+1} and p = s(d_i − d_{i+1}) + 2c e_i
 *
 *     d_{i+1} ← d_{i+1} + s p,  d_i ← d_i − s p,  e_i ← c p − e_i,  e_{i+1} ← r
 *
 * The first has x = d_bottom − σ, z = e_{bottom−1}, as in the QL factors of T − σI. Each leaves a bulge z = s e_{i−1}
 * at (i−1, i+1), which the next, with x = e_i, removes while e_{i−1} ← c e_{i−1}.
 */
function sweep(d: Float64Array, e: Float64Array, V: Float64Array, n: number, top: number, bottom: number): void {
  let x = d[bottom] - wilkinsonShift(d[top], e[top], d[top + 1]);
  let z = e[bottom - 1];
  for (let i = bottom - 1; i >= top; i--) {
    // Where x and z are both 0 there is nothing to rotate.
    const r = Math.hypot(x, z);
    const c = r === 0 ? 1 : x / r;
    const s = r === 0 ? 0 : z / r;
    const p = s * (d[i] - d[i + 1]) + 2 * c * e[i];
    d[i + 1] += s * p;
    d[i] -= s * p;
    e[i] = c * p - e[i];
    if (i + 1 < bottom) e[i + 1] = r;
    if (i > top) {
      x = e[i];
      z = s * e[i - 1];
      e[i - 1] *= c;
    }
    rotateRows(V, n, i, c, s);
  }
}

/** The eigenvalue of [[a, b], [b, c]] nearer to a; b ≠ 0. */
function wilkinsonShift(a: number, b: number, c: number): number {
  const delta = (c - a) / 2;
  const root = Math.hypot(delta, b);
  return a - b * (b / (delta < 0 ? delta - root : delta + root));
}

/** Rows i and i+1 of V become c V_i − s V_{i+1} and s V_i + c V_{i+1}. */
function rotateRows(V: Float64Array, n: number, i: number, c: number, s: number): void {
  const end = (i + 1) * n;
  for (let at = i * n; at < end; at++) {
    const upper = V[at];
    const lower = V[at + n];
    V[at] = c * upper - s * lower;
    V[at + n] = s * upper + c * lower;
  }
}

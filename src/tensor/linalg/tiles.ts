import type { FloatArray } from "../dtype.js";

/** A product is computed in 3×3 tiles: nine sums, three factors and a fourth fit the sixteen registers of a core. */
export const TILE = 3;

/**
 * `count` vectors of the given length, regrouped for `multiplyTile`: three at a time, their k-th elements side by side.
 * Vector v has its k-th element at x[v·vectorStride + k·elementStride], so strides say whether rows or columns are
 * meant. Panel p (vectors 3p, 3p + 1, 3p + 2) starts at 3p·length; missing vectors of the last panel are zero.
 */
export function packPanels(
  x: FloatArray,
  count: number,
  length: number,
  vectorStride: number,
  elementStride: number,
): Float64Array {
  const panels = new Float64Array(Math.ceil(count / TILE) * TILE * length);
  for (let v = 0; v < count; v++) {
    const lane = v % TILE;
    const start = (v - lane) * length + lane;
    const from = v * vectorStride;
    for (let k = 0; k < length; k++) panels[start + k * TILE] = x[from + k * elementStride];
  }
  return panels;
}

/** C_ij = Σ_k A_i[k]·B_j[k] for m packed vectors A_i and n packed vectors B_j of length k. C: [m×n]. */
export function multiplyPanels(C: FloatArray, A: Float64Array, B: Float64Array, m: number, k: number, n: number): void {
  const sums = new Float64Array(TILE * TILE);
  for (let i = 0; i < m; i += TILE)
    for (let j = 0; j < n; j += TILE) {
      multiplyTile(sums, A, i * k, B, j * k, k);
      storeTile(C, m, n, i, j, sums);
    }
}

/** Writes the part of a tile that lies in C, [m×n]; the tile's first element is C_ij. */
export function storeTile(C: FloatArray, m: number, n: number, i: number, j: number, sums: Float64Array): void {
  const height = Math.min(TILE, m - i);
  const width = Math.min(TILE, n - j);
  for (let u = 0; u < height; u++) for (let v = 0; v < width; v++) C[(i + u) * n + j + v] = sums[u * TILE + v];
}

/** sums[3u + v] = Σ_k A_u[k]·B_v[k], k < length, for the panels that start at A[a] and B[b]. */
export function multiplyTile(
  sums: Float64Array,
  A: Float64Array,
  a: number,
  B: Float64Array,
  b: number,
  length: number,
): void {
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  for (let k = 0; k < length; k++) {
    const b0 = B[b];
    const b1 = B[b + 1];
    const b2 = B[b + 2];
    const a0 = A[a];
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    const a1 = A[a + 1];
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    const a2 = A[a + 2];
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    a += TILE;
    b += TILE;
  }
  sums[0] = s00;
  sums[1] = s01;
  sums[2] = s02;
  sums[3] = s10;
  sums[4] = s11;
  sums[5] = s12;
  sums[6] = s20;
  sums[7] = s21;
  sums[8] = s22;
}

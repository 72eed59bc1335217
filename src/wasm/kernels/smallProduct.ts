import { TURBO } from "./build";
import { madd, storeRow, tileColumns, tileRows } from "./microkernel";

/**
 * C = A·B of small matrices without packing A, nor B where its rows are contiguous: where both stay in the first cache, copying them
 * costs a third of the product.
 * The register tile is that of microkernel.ts. The last tile of a row or column of tiles overlaps the one before instead of
 * ending early, and every element is the same sum in the same order as in a packed product.
 */

/** Whether C has room for a register tile. */
export function hasTile<T>(m: i32, n: i32): bool {
  return !TURBO && m >= tileRows() && n >= tileColumns<T>();
}

/**
 * A: [m, k] with any strides, C: [m, n] with contiguous rows, all strides in bytes. B: [k, n] with contiguous rows and panel = 1, or packed
 * in panels (see packing.ts) with panel = k, where n must be whole tiles.
 */
export function smallProduct<T>(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  panel: i32,
  c: usize,
  cRow: usize,
): void {
  const width = tileColumns<T>();
  for (let column = 0; column < n; column += width) {
    const j = min(column, n - width) * sizeof<T>();
    const from = b + j * panel;
    const to = c + j;
    if (ASC_FEATURE_RELAXED_SIMD) {
      let i = 0;
      for (; i <= m - 6; i += 6) sixRows<T>(k, a + i * aRow, aRow, aColumn, from, bRow, to + i * cRow, cRow);
      i = m - 6;
      if (m % 6) sixRows<T>(k, a + i * aRow, aRow, aColumn, from, bRow, to + i * cRow, cRow);
    } else {
      foursOfRows<T>(m, k, a, aRow, aColumn, from, bRow, to, cRow);
    }
  }
}

/** One tile. Code around it would take the registers of its sums, so it is a function of its own. */
function sixRows<T>(k: i32, a: usize, aRow: usize, step: usize, b: usize, bRow: usize, c: usize, cRow: usize): void {
  let c00 = v128.splat<T>(<T>0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  let a4 = a3 + aRow;
  let a5 = a4 + aRow;
  for (const end = b + k * bRow; b < end; b += bRow) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load_splat<T>(a);
    c00 = madd<T>(x, b0, c00);
    c01 = madd<T>(x, b1, c01);
    x = v128.load_splat<T>(a1);
    c10 = madd<T>(x, b0, c10);
    c11 = madd<T>(x, b1, c11);
    x = v128.load_splat<T>(a2);
    c20 = madd<T>(x, b0, c20);
    c21 = madd<T>(x, b1, c21);
    x = v128.load_splat<T>(a3);
    c30 = madd<T>(x, b0, c30);
    c31 = madd<T>(x, b1, c31);
    x = v128.load_splat<T>(a4);
    c40 = madd<T>(x, b0, c40);
    c41 = madd<T>(x, b1, c41);
    x = v128.load_splat<T>(a5);
    c50 = madd<T>(x, b0, c50);
    c51 = madd<T>(x, b1, c51);
    a += step;
    a1 += step;
    a2 += step;
    a3 += step;
    a4 += step;
    a5 += step;
  }
  storeRow(c, c00, c01);
  storeRow((c += cRow), c10, c11);
  storeRow((c += cRow), c20, c21);
  storeRow((c += cRow), c30, c31);
  storeRow((c += cRow), c40, c41);
  storeRow((c += cRow), c50, c51);
}

/** A column of tiles. Here V8 keeps the sums in registers only where the loop over the tiles is part of the function. */
function foursOfRows<T>(
  m: i32,
  k: i32,
  a: usize,
  aRow: usize,
  step: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
): void {
  for (let row = 0; row < m; row += 4) {
    const i = min(row, m - 4);
    let c00 = v128.splat<T>(<T>0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    let a0 = a + i * aRow;
    let a1 = a0 + aRow;
    let a2 = a1 + aRow;
    let a3 = a2 + aRow;
    let at = b;
    for (const end = b + k * bRow; at < end; at += bRow) {
      const b0 = v128.load(at);
      const b1 = v128.load(at, 16);
      let x = v128.load_splat<T>(a0);
      c00 = madd<T>(x, b0, c00);
      c01 = madd<T>(x, b1, c01);
      x = v128.load_splat<T>(a1);
      c10 = madd<T>(x, b0, c10);
      c11 = madd<T>(x, b1, c11);
      x = v128.load_splat<T>(a2);
      c20 = madd<T>(x, b0, c20);
      c21 = madd<T>(x, b1, c21);
      x = v128.load_splat<T>(a3);
      c30 = madd<T>(x, b0, c30);
      c31 = madd<T>(x, b1, c31);
      a0 += step;
      a1 += step;
      a2 += step;
      a3 += step;
    }
    let to = c + i * cRow;
    storeRow(to, c00, c01);
    storeRow((to += cRow), c10, c11);
    storeRow((to += cRow), c20, c21);
    storeRow((to += cRow), c30, c31);
  }
}

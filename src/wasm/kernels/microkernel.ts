import { TURBO } from "./build";

/**
 * The register tile of every product: C[R×W] (+)= A[R×kc] · B[kc×W], with A and B packed k-major (see packing.ts).
 *
 * V8 leaves 15 SIMD registers to WebAssembly. With a fused multiply-add, 6 rows × 2 vectors = 12 accumulators + 2 vectors
 * of B + 1 broadcast of A fill them exactly; without it each product needs a register of its own, and 4 rows are fastest.
 * The turbo build has 6 rows × 4 vectors, which V8 joins in pairs to the same number of 256-bit registers.
 *
 * Code around the k loop decides how V8 allocates registers inside it, by a quarter to a half of the speed: a pointer for each row of A,
 * the loop over tiles around the four-row tile, and the two-way end, add to C or overwrite C, were the fastest of many forms. Measure
 * all builds after any change. Every other scaling is folded into packing. V8 joins pairs only where C is overwritten.
 */

/** a·b + c, rounded once where the module has relaxed SIMD, twice otherwise. */
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(c, v128.mul<T>(a, b));
}

/** R, the rows of the tile. */
export function tileRows(): i32 {
  return ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
}

/** W, the columns of the tile, in bytes: two vectors or four. */
export function rowBytes(): i32 {
  return TURBO ? 64 : 32;
}

/** W in elements. */
export function tileColumns<T>(): i32 {
  return rowBytes() / sizeof<T>();
}

/** Bytes of a tile that stands alone. */
export function tileBytes(): i32 {
  return tileRows() * rowBytes();
}

/**
 * `tiles` register tiles, one below the other. c: R×W each, rows ldc bytes apart; a: [kc][R], aStep bytes apart; b: [kc][W]; accumulate:
 * add to C rather than overwrite it. spare: a tile of memory to work in.
 */
export function microkernel<T>(
  tiles: i32,
  kc: i32,
  a: usize,
  aStep: usize,
  b: usize,
  c: usize,
  ldc: usize,
  accumulate: bool,
  spare: usize,
): void {
  if (TURBO) {
    for (; tiles > 0; tiles--) {
      tileProduct<T>(kc, a, b, spare);
      if (accumulate) addTile<T>(spare, c, ldc);
      else copyTile(spare, c, ldc);
      a += aStep;
      c += tileRows() * ldc;
    }
  } else {
    stridedTiles<T>(tiles, kc, a, aStep, sizeof<T>(), tileRows() * sizeof<T>(), b, rowBytes(), c, ldc, accumulate);
  }
}

/** The product alone, to a tile that is contiguous. */
export function tileProduct<T>(kc: i32, a: usize, b: usize, tile: usize): void {
  if (TURBO) sixWideRows<T>(kc, a, b, tile);
  else stridedTiles<T>(1, kc, a, 0, sizeof<T>(), tileRows() * sizeof<T>(), b, rowBytes(), tile, rowBytes(), false);
}

/**
 * Tiles, one below the other, with strides of any bytes: c: [R, W] each; a: [R, kc], aTile apart; b: [kc, W] with contiguous rows.
 * Not in the turbo build.
 */
export function stridedTiles<T>(
  tiles: i32,
  kc: i32,
  a: usize,
  aTile: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  accumulate: bool,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    for (; tiles > 0; tiles--) {
      sixRows<T>(kc, a, aRow, aColumn, b, bRow, c, cRow, accumulate);
      a += aTile;
      c += 6 * cRow;
    }
  } else {
    foursOfRows<T>(tiles, kc, a, aTile, aRow, aColumn, b, bRow, c, cRow, accumulate);
  }
}

/** One tile with A [6, kc] and B [kc, W] of any strides. */
function sixRows<T>(
  kc: i32,
  a0: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  accumulate: bool,
): void {
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
  let a1 = a0 + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  let a4 = a3 + aRow;
  let a5 = a4 + aRow;
  for (let k = 0; k < kc; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
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
    x = v128.load_splat<T>(a4);
    c40 = madd<T>(x, b0, c40);
    c41 = madd<T>(x, b1, c41);
    x = v128.load_splat<T>(a5);
    c50 = madd<T>(x, b0, c50);
    c51 = madd<T>(x, b1, c51);
    a0 += aColumn;
    a1 += aColumn;
    a2 += aColumn;
    a3 += aColumn;
    a4 += aColumn;
    a5 += aColumn;
    b += bRow;
  }
  let row = c;
  if (accumulate) {
    addRow<T>(row, c00, c01);
    addRow<T>((row += cRow), c10, c11);
    addRow<T>((row += cRow), c20, c21);
    addRow<T>((row += cRow), c30, c31);
    addRow<T>((row += cRow), c40, c41);
    addRow<T>((row += cRow), c50, c51);
  } else {
    storeRow(row, c00, c01);
    storeRow((row += cRow), c10, c11);
    storeRow((row += cRow), c20, c21);
    storeRow((row += cRow), c30, c31);
    storeRow((row += cRow), c40, c41);
    storeRow((row += cRow), c50, c51);
  }
}

/** The same with four rows a tile. */
function foursOfRows<T>(
  tiles: i32,
  kc: i32,
  a: usize,
  aTile: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  accumulate: bool,
): void {
  for (; tiles > 0; tiles--) {
    let c00 = v128.splat<T>(<T>0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    let a0 = a;
    let a1 = a0 + aRow;
    let a2 = a1 + aRow;
    let a3 = a2 + aRow;
    let at = b;
    for (let k = 0; k < kc; k++) {
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
      a0 += aColumn;
      a1 += aColumn;
      a2 += aColumn;
      a3 += aColumn;
      at += bRow;
    }
    let row = c;
    if (accumulate) {
      addRow<T>(row, c00, c01);
      addRow<T>((row += cRow), c10, c11);
      addRow<T>((row += cRow), c20, c21);
      addRow<T>((row += cRow), c30, c31);
    } else {
      storeRow(row, c00, c01);
      storeRow((row += cRow), c10, c11);
      storeRow((row += cRow), c20, c21);
      storeRow((row += cRow), c30, c31);
    }
    a += aTile;
    c += 4 * cRow;
  }
}

function sixWideRows<T>(kc: i32, a: usize, b: usize, tile: usize): void {
  let c00 = v128.splat<T>(<T>0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  let c20 = c00;
  let c21 = c00;
  let c22 = c00;
  let c23 = c00;
  let c30 = c00;
  let c31 = c00;
  let c32 = c00;
  let c33 = c00;
  let c40 = c00;
  let c41 = c00;
  let c42 = c00;
  let c43 = c00;
  let c50 = c00;
  let c51 = c00;
  let c52 = c00;
  let c53 = c00;
  for (let k = 0; k < kc; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    let x = v128.load_splat<T>(a);
    c00 = madd<T>(x, b0, c00);
    c01 = madd<T>(x, b1, c01);
    c02 = madd<T>(x, b2, c02);
    c03 = madd<T>(x, b3, c03);
    x = v128.load_splat<T>(a, sizeof<T>());
    c10 = madd<T>(x, b0, c10);
    c11 = madd<T>(x, b1, c11);
    c12 = madd<T>(x, b2, c12);
    c13 = madd<T>(x, b3, c13);
    x = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = madd<T>(x, b0, c20);
    c21 = madd<T>(x, b1, c21);
    c22 = madd<T>(x, b2, c22);
    c23 = madd<T>(x, b3, c23);
    x = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = madd<T>(x, b0, c30);
    c31 = madd<T>(x, b1, c31);
    c32 = madd<T>(x, b2, c32);
    c33 = madd<T>(x, b3, c33);
    x = v128.load_splat<T>(a, 4 * sizeof<T>());
    c40 = madd<T>(x, b0, c40);
    c41 = madd<T>(x, b1, c41);
    c42 = madd<T>(x, b2, c42);
    c43 = madd<T>(x, b3, c43);
    x = v128.load_splat<T>(a, 5 * sizeof<T>());
    c50 = madd<T>(x, b0, c50);
    c51 = madd<T>(x, b1, c51);
    c52 = madd<T>(x, b2, c52);
    c53 = madd<T>(x, b3, c53);
    a += 6 * sizeof<T>();
    b += 64;
  }
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c02, 32);
  v128.store(tile, c03, 48);
  v128.store(tile, c10, 64);
  v128.store(tile, c11, 80);
  v128.store(tile, c12, 96);
  v128.store(tile, c13, 112);
  v128.store(tile, c20, 128);
  v128.store(tile, c21, 144);
  v128.store(tile, c22, 160);
  v128.store(tile, c23, 176);
  v128.store(tile, c30, 192);
  v128.store(tile, c31, 208);
  v128.store(tile, c32, 224);
  v128.store(tile, c33, 240);
  v128.store(tile, c40, 256);
  v128.store(tile, c41, 272);
  v128.store(tile, c42, 288);
  v128.store(tile, c43, 304);
  v128.store(tile, c50, 320);
  v128.store(tile, c51, 336);
  v128.store(tile, c52, 352);
  v128.store(tile, c53, 368);
}

/** C += tile */
function addTile<T>(tile: usize, c: usize, ldc: usize): void {
  for (let end = tile + tileBytes(); tile < end; tile += 64) {
    addRow<T>(c, v128.load(tile), v128.load(tile, 16));
    addRow<T>(c + 32, v128.load(tile, 32), v128.load(tile, 48));
    c += ldc;
  }
}

/** C += rows of a tile, in a build whose tile has two vectors a row. */
export function addRows<T>(rows: i32, tile: usize, c: usize, ldc: usize): void {
  for (; rows > 0; rows--) {
    addRow<T>(c, v128.load(tile), v128.load(tile, 16));
    tile += rowBytes();
    c += ldc;
  }
}

/** C = tile */
function copyTile(tile: usize, c: usize, ldc: usize): void {
  for (let end = tile + tileBytes(); tile < end; tile += 64) {
    storeRow(c, v128.load(tile), v128.load(tile, 16));
    storeRow(c + 32, v128.load(tile, 32), v128.load(tile, 48));
    c += ldc;
  }
}

function addRow<T>(c: usize, x0: v128, x1: v128): void {
  v128.store(c, v128.add<T>(v128.load(c), x0));
  v128.store(c, v128.add<T>(v128.load(c, 16), x1), 16);
}

function storeRow(c: usize, x0: v128, x1: v128): void {
  v128.store(c, x0);
  v128.store(c, x1, 16);
}

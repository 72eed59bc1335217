import { TURBO } from "./build";

/**
 * The register tile of every product: C[R×W] (+)= A[R×kc] · B[kc×W], with A and B packed k-major (see packing.ts).
 *
 * V8 leaves 15 SIMD registers to WebAssembly. With a fused multiply-add, 6 rows × 2 vectors = 12 accumulators + 2 vectors
 * of B + 1 broadcast of A fill them exactly; without it each product needs a register of its own, and 4 rows are fastest.
 * The turbo build has 6 rows × 4 vectors, which V8 joins in pairs to the same number of 256-bit registers.
 *
 * Code around the k loop decides how V8 allocates registers inside it. Six rows keep the accumulators in registers only in a function of
 * their own and in this two-way form, add to C or overwrite C; four rows only where the function also loops over tiles (a quarter
 * faster). Every other scaling is folded into packing. V8 joins pairs only where C is overwritten.
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
  if (!ASC_FEATURE_RELAXED_SIMD) {
    fourRows<T>(tiles, kc, a, aStep, b, c, ldc, accumulate);
    return;
  }
  for (; tiles > 0; tiles--) {
    if (TURBO) {
      tileProduct<T>(kc, a, b, spare);
      if (accumulate) addTile<T>(spare, c, ldc);
      else copyTile(spare, c, ldc);
    } else {
      sixRows<T>(kc, a, b, c, ldc, accumulate);
    }
    a += aStep;
    c += tileRows() * ldc;
  }
}

/** The product alone, to a tile that is contiguous. */
export function tileProduct<T>(kc: i32, a: usize, b: usize, tile: usize): void {
  if (TURBO) sixWideRows<T>(kc, a, b, tile);
  else if (ASC_FEATURE_RELAXED_SIMD) sixRows<T>(kc, a, b, tile, rowBytes(), false);
  else fourRows<T>(1, kc, a, 0, b, tile, rowBytes(), false);
}

function sixRows<T>(kc: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
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
  for (let k = 0; k < kc; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load_splat<T>(a);
    c00 = madd<T>(x, b0, c00);
    c01 = madd<T>(x, b1, c01);
    x = v128.load_splat<T>(a, sizeof<T>());
    c10 = madd<T>(x, b0, c10);
    c11 = madd<T>(x, b1, c11);
    x = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = madd<T>(x, b0, c20);
    c21 = madd<T>(x, b1, c21);
    x = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = madd<T>(x, b0, c30);
    c31 = madd<T>(x, b1, c31);
    x = v128.load_splat<T>(a, 4 * sizeof<T>());
    c40 = madd<T>(x, b0, c40);
    c41 = madd<T>(x, b1, c41);
    x = v128.load_splat<T>(a, 5 * sizeof<T>());
    c50 = madd<T>(x, b0, c50);
    c51 = madd<T>(x, b1, c51);
    a += 6 * sizeof<T>();
    b += 32;
  }
  if (accumulate) {
    addRow<T>(c, c00, c01);
    addRow<T>((c += ldc), c10, c11);
    addRow<T>((c += ldc), c20, c21);
    addRow<T>((c += ldc), c30, c31);
    addRow<T>((c += ldc), c40, c41);
    addRow<T>((c += ldc), c50, c51);
  } else {
    storeRow(c, c00, c01);
    storeRow((c += ldc), c10, c11);
    storeRow((c += ldc), c20, c21);
    storeRow((c += ldc), c30, c31);
    storeRow((c += ldc), c40, c41);
    storeRow((c += ldc), c50, c51);
  }
}

function fourRows<T>(
  tiles: i32,
  kc: i32,
  a: usize,
  aStep: usize,
  b: usize,
  c: usize,
  ldc: usize,
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
    let ap = a;
    let bp = b;
    for (let k = 0; k < kc; k++) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp, 16);
      let x = v128.load_splat<T>(ap);
      c00 = madd<T>(x, b0, c00);
      c01 = madd<T>(x, b1, c01);
      x = v128.load_splat<T>(ap, sizeof<T>());
      c10 = madd<T>(x, b0, c10);
      c11 = madd<T>(x, b1, c11);
      x = v128.load_splat<T>(ap, 2 * sizeof<T>());
      c20 = madd<T>(x, b0, c20);
      c21 = madd<T>(x, b1, c21);
      x = v128.load_splat<T>(ap, 3 * sizeof<T>());
      c30 = madd<T>(x, b0, c30);
      c31 = madd<T>(x, b1, c31);
      ap += 4 * sizeof<T>();
      bp += 32;
    }
    let row = c;
    if (accumulate) {
      addRow<T>(row, c00, c01);
      addRow<T>((row += ldc), c10, c11);
      addRow<T>((row += ldc), c20, c21);
      addRow<T>((row += ldc), c30, c31);
    } else {
      storeRow(row, c00, c01);
      storeRow((row += ldc), c10, c11);
      storeRow((row += ldc), c20, c21);
      storeRow((row += ldc), c30, c31);
    }
    a += aStep;
    c += 4 * ldc;
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

export function storeRow(c: usize, x0: v128, x1: v128): void {
  v128.store(c, x0);
  v128.store(c, x1, 16);
}

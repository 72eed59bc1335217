/**
 * The register tile of every product: C[R×W] (+)= A[R×kc] · B[kc×W], with A and B packed k-major (see packing.ts).
 *
 * V8 leaves 15 SIMD registers to WebAssembly. With a fused multiply-add, 6 rows × 2 vectors = 12 accumulators + 2 vectors
 * of B + 1 broadcast of A fill them exactly; without it each product needs a register of its own, and 4 rows are fastest.
 *
 * Code after the k loop decides how Node 20 and 22 allocate registers inside it. Only this two-way form, add to C or
 * overwrite C, keeps the accumulators in registers; every other scaling is folded into packing.
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

/** W, the columns of the tile: two vectors. */
export function tileColumns<T>(): i32 {
  return 32 / sizeof<T>();
}

/** c: R×W with rows ldc bytes apart; a: [kc][R]; b: [kc][W]; accumulate: add to C rather than overwrite it. */
export function microkernel<T>(kc: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
  if (ASC_FEATURE_RELAXED_SIMD) sixRows<T>(kc, a, b, c, ldc, accumulate);
  else fourRows<T>(kc, a, b, c, ldc, accumulate);
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

function fourRows<T>(kc: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
  let c00 = v128.splat<T>(<T>0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const end = b + 32 * kc;
  while (b < end) {
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
    a += 4 * sizeof<T>();
    b += 32;
  }
  if (accumulate) {
    addRow<T>(c, c00, c01);
    addRow<T>((c += ldc), c10, c11);
    addRow<T>((c += ldc), c20, c21);
    addRow<T>((c += ldc), c30, c31);
  } else {
    storeRow(c, c00, c01);
    storeRow((c += ldc), c10, c11);
    storeRow((c += ldc), c20, c21);
    storeRow((c += ldc), c30, c31);
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

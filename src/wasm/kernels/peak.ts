/**
 * What one core can do, for benchmarks to be judged by: independent accumulators in registers, no memory.
 * peak uses the multiply-add of this module (fused with relaxed SIMD), peakUnfused a multiplication and an addition.
 * One turn is 12 (peak) or 13 (peakUnfused) multiply-adds in each lane. The accumulators are stored to 208 bytes at
 * `out`, and the factors are read from there: V8 24 would build constants anew in every turn.
 */
export function peak<T>(turns: i32, out: usize): void {
  if (!ASC_FEATURE_RELAXED_SIMD) {
    peakUnfused<T>(<i32>((<i64>turns * 12) / 13), out);
    return;
  }
  const x = v128.load_splat<T>(out);
  const y = v128.load_splat<T>(out, 16);
  let c0 = x;
  let c1 = x;
  let c2 = x;
  let c3 = x;
  let c4 = x;
  let c5 = x;
  let c6 = x;
  let c7 = x;
  let c8 = x;
  let c9 = x;
  let c10 = x;
  let c11 = x;
  for (let i = 0; i < turns; i++) {
    c0 = v128.relaxed_madd<T>(x, y, c0);
    c1 = v128.relaxed_madd<T>(x, y, c1);
    c2 = v128.relaxed_madd<T>(x, y, c2);
    c3 = v128.relaxed_madd<T>(x, y, c3);
    c4 = v128.relaxed_madd<T>(x, y, c4);
    c5 = v128.relaxed_madd<T>(x, y, c5);
    c6 = v128.relaxed_madd<T>(x, y, c6);
    c7 = v128.relaxed_madd<T>(x, y, c7);
    c8 = v128.relaxed_madd<T>(x, y, c8);
    c9 = v128.relaxed_madd<T>(x, y, c9);
    c10 = v128.relaxed_madd<T>(x, y, c10);
    c11 = v128.relaxed_madd<T>(x, y, c11);
  }
  v128.store(out, c0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  v128.store(out, c3, 48);
  v128.store(out, c4, 64);
  v128.store(out, c5, 80);
  v128.store(out, c6, 96);
  v128.store(out, c7, 112);
  v128.store(out, c8, 128);
  v128.store(out, c9, 144);
  v128.store(out, c10, 160);
  v128.store(out, c11, 176);
}

export function peakUnfused<T>(turns: i32, out: usize): void {
  const x = v128.load_splat<T>(out);
  const y = v128.load_splat<T>(out, 16);
  let c0 = x;
  let c1 = x;
  let c2 = x;
  let c3 = x;
  let c4 = x;
  let c5 = x;
  let c6 = x;
  let c7 = x;
  let c8 = x;
  let c9 = x;
  let c10 = x;
  let c11 = x;
  let c12 = x;
  for (let i = 0; i < turns; i++) {
    c0 = v128.add<T>(v128.mul<T>(c0, x), y);
    c1 = v128.add<T>(v128.mul<T>(c1, x), y);
    c2 = v128.add<T>(v128.mul<T>(c2, x), y);
    c3 = v128.add<T>(v128.mul<T>(c3, x), y);
    c4 = v128.add<T>(v128.mul<T>(c4, x), y);
    c5 = v128.add<T>(v128.mul<T>(c5, x), y);
    c6 = v128.add<T>(v128.mul<T>(c6, x), y);
    c7 = v128.add<T>(v128.mul<T>(c7, x), y);
    c8 = v128.add<T>(v128.mul<T>(c8, x), y);
    c9 = v128.add<T>(v128.mul<T>(c9, x), y);
    c10 = v128.add<T>(v128.mul<T>(c10, x), y);
    c11 = v128.add<T>(v128.mul<T>(c11, x), y);
    c12 = v128.add<T>(v128.mul<T>(c12, x), y);
  }
  v128.store(out, c0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  v128.store(out, c3, 48);
  v128.store(out, c4, 64);
  v128.store(out, c5, 80);
  v128.store(out, c6, 96);
  v128.store(out, c7, 112);
  v128.store(out, c8, 128);
  v128.store(out, c9, 144);
  v128.store(out, c10, 160);
  v128.store(out, c11, 176);
  v128.store(out, c12, 192);
}

import { madd } from "./microkernel";
import { lanes, sumLanes } from "./vectors";

/** Sums of rows of numbers, and their dot products. */

/** to[q] = element at from + q·stride, q < count. */
export function gather<T>(count: i32, from: usize, stride: i32, to: usize): void {
  for (let q = 0; q < count; q++) store<T>(to + q * sizeof<T>(), load<T>(from + q * stride));
}

/** x = α·x + β·y */
export function combine<T>(n: i32, alpha: T, x: usize, beta: T, y: usize): void {
  const alphas = v128.splat<T>(alpha);
  const betas = v128.splat<T>(beta);
  const end = n * sizeof<T>();
  let at = 0;
  for (; at <= end - 16; at += 16) {
    v128.store(x + at, madd<T>(betas, v128.load(y + at), v128.mul<T>(alphas, v128.load(x + at))));
  }
  for (; at < end; at += sizeof<T>()) store<T>(x + at, alpha * load<T>(x + at) + beta * load<T>(y + at));
}

/** out[q] = row q · x, four rows at a time. */
export function dotRows<T>(count: i32, n: i32, rows: usize, row: i32, x: usize, out: usize): void {
  const whole = n & ~(lanes<T>() - 1);
  for (let q = 0; q < count; q += 4) {
    const r0 = rows + q * row;
    const r1 = rows + min(q + 1, count - 1) * row;
    const r2 = rows + min(q + 2, count - 1) * row;
    const r3 = rows + min(q + 3, count - 1) * row;
    let s0 = v128.splat<T>(<T>0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let at = 0; at < whole * sizeof<T>(); at += 16) {
      const v = v128.load(x + at);
      s0 = madd<T>(v, v128.load(r0 + at), s0);
      s1 = madd<T>(v, v128.load(r1 + at), s1);
      s2 = madd<T>(v, v128.load(r2 + at), s2);
      s3 = madd<T>(v, v128.load(r3 + at), s3);
    }
    let t0 = <T>sumLanes<T>(s0);
    let t1 = <T>sumLanes<T>(s1);
    let t2 = <T>sumLanes<T>(s2);
    let t3 = <T>sumLanes<T>(s3);
    for (let i = whole; i < n; i++) {
      const at = i * sizeof<T>();
      const v = load<T>(x + at);
      t0 += v * load<T>(r0 + at);
      t1 += v * load<T>(r1 + at);
      t2 += v * load<T>(r2 + at);
      t3 += v * load<T>(r3 + at);
    }
    // out has room for whole fours
    store<T>(out + q * sizeof<T>(), t0);
    store<T>(out + (q + 1) * sizeof<T>(), t1);
    store<T>(out + (q + 2) * sizeof<T>(), t2);
    store<T>(out + (q + 3) * sizeof<T>(), t3);
  }
}

/** y −= Σ_q factor[q] · row q, four rows at a time. */
export function subtractRows<T>(count: i32, n: i32, rows: usize, row: i32, factors: usize, y: usize): void {
  const whole = n & ~(lanes<T>() - 1);
  for (let q = 0; q < count; q += 4) {
    const f0 = -load<T>(factors + q * sizeof<T>());
    const f1 = q + 1 < count ? -load<T>(factors + (q + 1) * sizeof<T>()) : <T>0;
    const f2 = q + 2 < count ? -load<T>(factors + (q + 2) * sizeof<T>()) : <T>0;
    const f3 = q + 3 < count ? -load<T>(factors + (q + 3) * sizeof<T>()) : <T>0;
    const r0 = rows + q * row;
    const r1 = rows + min(q + 1, count - 1) * row;
    const r2 = rows + min(q + 2, count - 1) * row;
    const r3 = rows + min(q + 3, count - 1) * row;
    const x0 = v128.splat<T>(f0);
    const x1 = v128.splat<T>(f1);
    const x2 = v128.splat<T>(f2);
    const x3 = v128.splat<T>(f3);
    for (let at = 0; at < whole * sizeof<T>(); at += 16) {
      let v = v128.load(y + at);
      v = madd<T>(x0, v128.load(r0 + at), v);
      v = madd<T>(x1, v128.load(r1 + at), v);
      v = madd<T>(x2, v128.load(r2 + at), v);
      v = madd<T>(x3, v128.load(r3 + at), v);
      v128.store(y + at, v);
    }
    for (let i = whole; i < n; i++) {
      const at = i * sizeof<T>();
      const v = f0 * load<T>(r0 + at) + f1 * load<T>(r1 + at) + f2 * load<T>(r2 + at) + f3 * load<T>(r3 + at);
      store<T>(y + at, load<T>(y + at) + v);
    }
  }
}

import { C_UPPER, gemm } from "./gemm";
import { madd } from "./microkernel";
import { copyRow, fill } from "./movement";
import { dot } from "./reductions";
import { symmetricTimes } from "./symmetricTimes";
import { lanes, sumLanes } from "./vectors";

/** Columns reduced between two updates of the rest of the matrix. */
export const PANEL: i32 = 16;

/** Bytes of the two stacks of panel vectors and the coefficients that tridiagonalize needs beside a gemm's scratch memory. */
export function panelBytes<T>(n: i32): i32 {
  return (4 * PANEL * n + 4 * PANEL) * sizeof<T>();
}

/**
 * QᵀAQ = T for symmetric A, Q = H₀H₁…, Hⱼ = I − τⱼvⱼvⱼᵀ (Dongarra, Sorensen & Hammarling, 1989). With rows as vectors:
 *
 *   row j of A −= Σ_q v_q[j]·w_q + w_q[j]·v_q over the panel's earlier q; Hⱼ maps what lies right of the diagonal to (eⱼ, 0, …)
 *   y = A·v − Σ_q v_q(w_q·v) + w_q(v_q·v);   w = τ(y − ½τ(y·v)v)
 *   after each panel  A −= VᵀW + WᵀV in the upper triangle, a product
 *
 * A's upper triangle, rows n apart, is read and destroyed; rows of v: vⱼ, [n], zeros up to j and 1 at j + 1; tau, d, e: f64.
 */
export function tridiagonalize<T>(
  pool: usize,
  n: i32,
  a: usize,
  v: usize,
  tau: usize,
  d: usize,
  e: usize,
  panels: usize,
  scratch: usize,
): void {
  const row = n * sizeof<T>();
  const size = PANEL * row;
  // [V; W] and [W; V], so that both products are one
  const vw = panels;
  const wv = panels + 2 * size;
  const coefficients = panels + 4 * size;
  for (let first = 0; first < n; first += PANEL) {
    const end = min(first + PANEL, n);
    memory.fill(vw, 0, 4 * size);
    for (let j = first; j < end; j++) {
      const q = j - first;
      const at = j * sizeof<T>();
      const diagonal = a + j * row + at;
      gather<T>(q, wv + at, row, coefficients);
      subtractRows<T>(q, n - j, vw + at, row, coefficients, diagonal);
      gather<T>(q, vw + at, row, coefficients);
      subtractRows<T>(q, n - j, wv + at, row, coefficients, diagonal);
      store<f64>(d + j * 8, <f64>load<T>(diagonal));
      const vj = v + j * row;
      fill<T>(n, 0, vj);
      const rest = n - j - 1;
      if (rest == 0) {
        store<f64>(tau + j * 8, 0);
        break;
      }
      const from = at + sizeof<T>();
      copyRow<T>(rest * sizeof<T>(), diagonal + sizeof<T>(), vj + from);
      const t = reflector<T>(rest, vj + from, e + j * 8);
      store<f64>(tau + j * 8, t);
      copyRow<T>(row, vj, vw + q * row);
      copyRow<T>(row, vj, wv + size + q * row);
      if (t == 0) continue;
      const w = wv + q * row + from;
      symmetricTimes<T>(pool, rest, diagonal + row + sizeof<T>(), row, vj + from, w, scratch);
      dotRows<T>(q, rest, wv + from, row, vj + from, coefficients);
      dotRows<T>(q, rest, vw + from, row, vj + from, coefficients + PANEL * sizeof<T>());
      subtractRows<T>(q, rest, vw + from, row, coefficients, w);
      subtractRows<T>(q, rest, wv + from, row, coefficients + PANEL * sizeof<T>(), w);
      combine<T>(rest, <T>t, w, <T>(-0.5 * t * t * dot<T>(rest, w, vj + from)), vj + from);
      copyRow<T>(row, wv + q * row, vw + size + q * row);
    }
    const rest = n - end;
    const at = end * sizeof<T>();
    const c = a + end * row + at;
    gemm<T>(pool, C_UPPER, rest, rest, 2 * PANEL, -1, vw + at, 1, n, wv + at, n, 1, 1, c, c, n, scratch);
  }
}

/** to[q] = element at from + q·stride, q < count. */
function gather<T>(count: i32, from: usize, stride: i32, to: usize): void {
  for (let q = 0; q < count; q++) store<T>(to + q * sizeof<T>(), load<T>(from + q * stride));
}

/** Squares that sum to no more have lost digits to underflow. Their roots are nothing beside a matrix of elements near 1. */
function leastSquare<T>(): f64 {
  return sizeof<T>() == 8 ? 1e-280 : 1e-28;
}

/**
 * H·x = (β, 0, …) with H = I − τvvᵀ: v = (x − βe₁)/(x₀ − β), β = −sign(x₀)‖x‖, τ = (β − x₀)/β. x becomes v; β is stored; τ returned.
 */
function reflector<T>(n: i32, x: usize, beta: usize): f64 {
  const x0 = <f64>load<T>(x);
  const tail = dot<T>(n - 1, x + sizeof<T>(), x + sizeof<T>());
  store<T>(x, <T>1);
  if (tail <= leastSquare<T>()) {
    memory.fill(x + sizeof<T>(), 0, (n - 1) * sizeof<T>());
    store<f64>(beta, x0);
    return 0;
  }
  const b = -copysign(Math.sqrt(x0 * x0 + tail), x0);
  store<f64>(beta, b);
  combine<T>(n - 1, <T>(1 / (x0 - b)), x + sizeof<T>(), <T>0, x + sizeof<T>());
  return (b - x0) / b;
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
function dotRows<T>(count: i32, n: i32, rows: usize, row: i32, x: usize, out: usize): void {
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

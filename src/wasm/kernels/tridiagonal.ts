import { C_UPPER, gemm } from "./gemm";
import { copyRow, fill } from "./movement";
import { dot } from "./reductions";
import { combine, dotRows, gather, subtractRows } from "./rows";
import { symmetricTimes } from "./symmetricTimes";

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

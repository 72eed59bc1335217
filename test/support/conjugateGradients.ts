import { along, dot, times, type Matrix } from "./dense.js";

/**
 * The iterates x₁, x₂, … of preconditioned conjugate gradients for the minimum of ½xᵀKx + bᵀx from x₀ (Shewchuk 1994, B3), with
 * P⁻¹ as a matrix.
 */
export function conjugateGradients(
  K: Matrix,
  b: readonly number[],
  inversePreconditioner: Matrix,
  start: readonly number[],
  iterations: number,
): number[][] {
  const iterates: number[][] = [];
  let x = [...start];
  let r = along(times(K, x), b).map((value) => -value);
  let d = times(inversePreconditioner, r);
  let delta = dot(r, d);
  for (let k = 0; k < iterations; k++) {
    const q = times(K, d);
    const alpha = delta / dot(d, q);
    x = along(x, d, alpha);
    r = along(r, q, -alpha);
    const s = times(inversePreconditioner, r);
    const before = delta;
    delta = dot(r, s);
    d = along(s, d, delta / before);
    iterates.push(x);
  }
  return iterates;
}

import type { FloatArray } from "../dtype.js";
import { checkLength, checkSameType, checkSizes, checkSquare } from "./checks.js";
import { choleskyFactor } from "./cholesky.js";
import { narrow } from "./float64.js";
import { selfProduct } from "./gram.js";
import { invertLower, substitute } from "./triangular.js";

/*
 * What a symmetric positive definite matrix A = LLᵀ is factored for. Each function reads the lower triangle of a: [n×n]
 * and throws the NumericalError of `cholesky`, under its own name, where A is not finite or not positive definite.
 */

/** X with AX = B: LY = B, then LᵀX = Y. b: [n×columns] → [n×columns]. */
export function solveSpd<T extends FloatArray>(a: T, b: T, n: number, columns: number): T {
  checkSquare("solveSpd", "a", a, n);
  checkSizes("solveSpd", { columns });
  checkLength("solveSpd", "b", b, n, columns);
  checkSameType("solveSpd", { a, b });
  const L = choleskyFactor("solveSpd", a, n);
  const Y = substitute(L, b, n, columns, false, false);
  return narrow(substitute(L, Y, n, columns, false, true), b);
}

/**
 * A⁻¹ = L⁻ᵀL⁻¹, exactly symmetric. → [n×n]. Where A⁻¹ is only multiplied with, `solveSpd` is cheaper and more accurate.
 */
export function invertSpd<T extends FloatArray>(a: T, n: number): T {
  checkSquare("invertSpd", "a", a, n);
  const inverseL = invertLower(choleskyFactor("invertSpd", a, n), n);
  return narrow(selfProduct(inverseL, n, n, true), a);
}

/** log det A = 2 Σ_i log L_ii, which neither overflows nor underflows; 0 for n = 0. */
export function logDeterminant(a: FloatArray, n: number): number {
  checkSquare("logDeterminant", "a", a, n);
  const L = choleskyFactor("logDeterminant", a, n);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(L[i * n + i]);
  return 2 * sum;
}

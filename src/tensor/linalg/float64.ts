import type { FloatArray } from "../dtype.js";

/*
 * Every function of this folder computes in float64, whatever it is given, and rounds its result once: a float32 result
 * carries the error of the algorithm in float64 and one rounding. The inner loops then meet a single array type, which
 * keeps them fast.
 */

/** A float64 copy, to compute in. */
export function widen(a: FloatArray): Float64Array {
  return new Float64Array(a);
}

/** Finished values in the element type of `like`: the values themselves, or one rounding of each. */
export function narrow<T extends FloatArray>(values: Float64Array, like: T): T {
  return (like instanceof Float32Array ? new Float32Array(values) : values) as T;
}

/** Aᵀ in float64. a: [rows×columns] → [columns×rows]. */
export function transposed(a: FloatArray, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = a[i * columns + j];
  return result;
}

/** Σ_k x[xStart + k]·y[yStart + k], k < length. The four partial sums wait for one another less than one would. */
export function dot(x: Float64Array, xStart: number, y: Float64Array, yStart: number, length: number): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let k = 0;
  for (; k + 4 <= length; k += 4) {
    const p = xStart + k;
    const q = yStart + k;
    sum0 += x[p] * y[q];
    sum1 += x[p + 1] * y[q + 1];
    sum2 += x[p + 2] * y[q + 2];
    sum3 += x[p + 3] * y[q + 3];
  }
  for (; k < length; k++) sum0 += x[xStart + k] * y[yStart + k];
  return sum0 + sum1 + (sum2 + sum3);
}

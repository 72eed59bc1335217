import type { ReduceOperation } from "../backend.js";
import { dtypeOf, zeros, type FloatArray } from "../dtype.js";

type Reduction = (x: FloatArray, outer: number, length: number, inner: number) => FloatArray;

/** x is [outer, length, inner]; each reduces the middle axis from first to last. Sums run in float64. */
export const reductions: Record<ReduceOperation, Reduction> = {
  sum: each((x, start, length, step) => {
    let total = 0;
    for (let i = 0; i < length; i++) total += x[start + i * step];
    return total;
  }),
  max: each((x, start, length, step) => {
    let largest = -Infinity;
    for (let i = 0; i < length; i++) largest = Math.max(largest, x[start + i * step]);
    return largest;
  }),
  argmax: each((x, start, length, step) => {
    let best = 0;
    for (let i = 1; i < length; i++) if (x[start + i * step] > x[start + best * step]) best = i;
    return best;
  }),
};

/** Σ aᵢbᵢ, from first to last, in float64. */
export function dot(a: FloatArray, b: FloatArray): FloatArray {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return zeros(dtypeOf(a), 1).fill(total);
}

function each(reduce: (x: FloatArray, start: number, length: number, step: number) => number): Reduction {
  return (x, outer, length, inner) => {
    const out = zeros(dtypeOf(x), outer * inner);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) out[o * inner + i] = reduce(x, o * length * inner + i, length, inner);
    return out;
  };
}

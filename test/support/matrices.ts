import fc from "fast-check";
import { epsilon, type DType, type FloatArray } from "../../src/tensor/dtype.js";

/*
 * Matrices to test with, and the plain arithmetic and error measures to test by. It shares nothing with what it checks
 * but `epsilon`.
 */

// Jest looks a global up anew wherever one is named, at a cost that shows in loops.
const { abs, max } = Math;

/** LAPACK's own threshold for the ratios below (LAPACK Working Note 41, §6): error over what roundoff explains. */
export const RATIO_LIMIT = 30;

export const dtypes: readonly DType[] = ["float32", "float64"];

/** The condition numbers up to which a factorisation has to succeed. */
export const conditionLimit = { float32: 0.1 / epsilon("float32"), float64: 1e12 };

/** Scales near both ends of what leaves room for A⁻¹. */
const scales = { float32: [1e-18, 1, 1e18], float64: [1e-150, 1, 1e150] };

/** Uniform numbers in [−1, 1): mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

export function array(dtype: DType, values: ArrayLike<number>): FloatArray {
  return dtype === "float32" ? new Float32Array(values) : new Float64Array(values);
}

export function randomArray(dtype: DType, length: number, random: () => number): FloatArray {
  return array(dtype, Array.from({ length }, random));
}

/** Integers from −8 to 8: products and sums of a few of them are exact in either type. */
export function randomIntegers(dtype: DType, length: number, random: () => number): FloatArray {
  return array(
    dtype,
    Array.from({ length }, () => Math.round(8 * random()) + 0),
  );
}

export function identity(n: number): Float64Array {
  return diagonal(new Array<number>(n).fill(1));
}

export function diagonal(entries: readonly number[]): Float64Array {
  const n = entries.length;
  const result = new Float64Array(n * n);
  entries.forEach((entry, i) => (result[i * n + i] = entry));
  return result;
}

/** A·B by definition, in float64. [m×k]·[k×n]. */
export function product(a: FloatArray, b: FloatArray, m: number, k: number, n: number): Float64Array {
  const A = new Float64Array(a);
  const B = new Float64Array(b);
  const C = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) for (let j = 0; j < n; j++) C[i * n + j] += A[i * k + p] * B[p * n + j];
  return C;
}

export function transpose(a: FloatArray, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = a[i * columns + j];
  return result;
}

export function difference(a: FloatArray, b: FloatArray): Float64Array {
  return new Float64Array(a).map((value, at) => value - b[at]);
}

/** The largest |A_ij − A_ji|. */
export function asymmetry(a: FloatArray, n: number): number {
  return difference(a, transpose(a, n, n)).reduce((largest, value) => max(largest, abs(value)), 0);
}

/** ‖A‖₁, the largest column sum; NaN where A holds one. */
export function norm(a: FloatArray, columns: number): number {
  const sums = new Float64Array(columns);
  a.forEach((value, at) => (sums[at % columns] += abs(value)));
  return max(0, ...sums);
}

/** ‖A − B‖ / (n·scale·ε): what a backward stable algorithm keeps near 1. Equal matrices give 0 at any scale. */
export function ratio(
  a: FloatArray,
  b: FloatArray,
  columns: number,
  options: { n: number; scale: number; dtype: DType },
): number {
  const error = norm(difference(a, b), columns);
  return error === 0 ? 0 : error / (options.n * options.scale * epsilon(options.dtype));
}

/** A = QΛQᵀ, [n×n] and exactly symmetric, with Q a product of random Householder reflections. */
export function symmetricWith(spectrum: readonly number[], random: () => number): Float64Array {
  const n = spectrum.length;
  const A = diagonal(spectrum);
  for (let reflections = 0; reflections < Math.min(n, 12); reflections++) reflectBothSides(A, n, random);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) A[j * n + i] = A[i * n + j];
  return A;
}

/** A ← HAH, H = I − τvvᵀ, τ = 2/vᵀv: with w = τAv, HAH = A − vwᵀ − wvᵀ + τ(vᵀw)vvᵀ. */
function reflectBothSides(A: Float64Array, n: number, random: () => number): void {
  const v = Float64Array.from({ length: n }, random);
  const tau = 2 / product(v, v, 1, n, 1)[0];
  const w = product(v, A, 1, n, n).map((value) => tau * value);
  const q = tau * product(v, w, 1, n, 1)[0];
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) A[i * n + j] += q * v[i] * v[j] - v[i] * w[j] - w[i] * v[j];
}

const spectra = {
  geometric: (i: number, n: number, condition: number) => condition ** (n > 1 ? -i / (n - 1) : 0),
  "two clusters": (i: number, n: number, condition: number) => (2 * i < n ? 1 : 1 / condition),
  "one large": (i: number, _: number, condition: number) => (i === 0 ? 1 : 1 / condition),
  "one small": (i: number, n: number, condition: number) => (i === n - 1 ? 1 / condition : 1),
};

export interface SymmetricProblem {
  dtype: DType;
  n: number;
  condition: number;
  /** Eigenvalues before rounding to dtype, ascending. */
  spectrum: number[];
  a: FloatArray;
  random: () => number;
}

/** Symmetric positive definite matrices of every size, condition number, scale and clustering that has to succeed. */
export function spdProblems(
  options: { largest?: number; conditions?: Record<DType, number> } = {},
): fc.Arbitrary<SymmetricProblem> {
  const { largest = 200, conditions = conditionLimit } = options;
  return fc
    .record({
      dtype: fc.constantFrom(...dtypes),
      n: fc.integer({ min: 1, max: largest }),
      severity: fc.constantFrom(0, 0.2, 0.5, 0.8, 1),
      shape: fc.constantFrom(...Object.values(spectra)),
      scale: fc.nat({ max: 2 }),
      seed: fc.nat(),
    })
    .map(({ dtype, n, severity, shape, scale, seed }) => {
      const random = randomNumbers(seed);
      const condition = conditions[dtype] ** severity;
      const spectrum = Array.from({ length: n }, (_, i) => scales[dtype][scale] * shape(n - 1 - i, n, condition));
      return { dtype, n, condition, spectrum, a: array(dtype, symmetricWith(spectrum, random)), random };
    });
}

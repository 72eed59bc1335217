import { cases, distance, epsilon, random, randomSizes, type Dtype, type Kernels } from "./modules.js";

interface Product {
  m: number;
  n: number;
  k: number;
  alpha: number;
  beta: number;
  transposeA: boolean;
  transposeB: boolean;
  ldc: number;
  structure?: number;
}

/** α·A·B + β·C by definition, and the bound k·|α|·|A|·|B| + |β|·|C| that scales its rounding error. */
function reference(p: Product, A: Float64Array, B: Float64Array, C: Float64Array) {
  const value = Float64Array.from(C);
  let scale = 0;
  for (let i = 0; i < p.m; i++) {
    for (let j = 0; j < p.n; j++) {
      let sum = 0;
      for (let q = 0; q < p.k; q++) {
        sum += (p.transposeA ? A[q * p.m + i] : A[i * p.k + q]) * (p.transposeB ? B[j * p.k + q] : B[q * p.n + j]);
      }
      const c = p.beta === 0 ? 0 : p.beta * C[i * p.ldc + j];
      value[i * p.ldc + j] = p.alpha * sum + c;
      scale = Math.max(scale, p.k * Math.abs(p.alpha) + Math.abs(c));
    }
  }
  return { value, scale };
}

function multiply(kernels: Kernels, dtype: Dtype, p: Product, A: Float64Array, B: Float64Array, C: Float64Array) {
  kernels.free();
  const [a, b, c] = [A, B, C].map((x) => kernels.put(dtype, x));
  const scratch = kernels.reserve(kernels.call(`gemmScratch_${dtype}`, p.m, p.n, p.k, 1));
  const after = kernels.put(dtype, [7, 7, 7, 7]);
  const aStrides = p.transposeA ? [1, p.m] : [p.k, 1];
  const bStrides = p.transposeB ? [1, p.k] : [p.n, 1];
  const { m, n, k, alpha, beta, ldc, structure = 0 } = p;
  kernels.call(`gemm_${dtype}`, 0, structure, m, n, k, alpha, a, ...aStrides, b, ...bStrides, beta, c, c, ldc, scratch);
  expect(Array.from(kernels.get(dtype, after, 4))).toEqual([7, 7, 7, 7]);
  return kernels.get(dtype, c, C.length);
}

describe.each(cases)("gemm $dtype of $name", ({ kernels, dtype }) => {
  test("is α·A·B + β·C for every shape, stride and transpose", () => {
    const size = randomSizes(1);
    const next = random(2, dtype);
    const edges = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 17, 23, 31, 48, 97, 121, 130];
    for (let trial = 0; trial < 150; trial++) {
      const pick = () => (trial % 2 === 0 ? edges[size(0, edges.length - 1)] : size(0, 60));
      const [m, n, k] = [pick(), pick(), pick()];
      const ldc = n + size(0, 3);
      const choice = size(0, 3);
      const alpha = [1, -1, 0.5, 0][choice];
      const beta = [0, 1, -0.25, 2][size(0, 3)];
      const p = { m, n, k, alpha, beta, transposeA: size(0, 1) === 1, transposeB: size(0, 1) === 1, ldc };
      const [A, B, C] = [next(m * k), next(k * n), next(m * ldc)];
      const { value, scale } = reference(p, A, B, C);
      expect(distance(multiply(kernels, dtype, p, A, B, C), value)).toBeLessThanOrEqual(4 * epsilon[dtype] * scale);
    }
  });

  test.each([
    [130, 1100, 40],
    [7, 9, 2100],
    [250, 3, 513],
  ])("crosses the blocks of every loop: [%i, %i], k = %i", (m, n, k) => {
    const next = random(3, dtype);
    const p = { m, n, k, alpha: 1, beta: 1, transposeA: true, transposeB: false, ldc: n };
    const [A, B, C] = [next(m * k), next(k * n), next(m * n)];
    const { value, scale } = reference(p, A, B, C);
    expect(distance(multiply(kernels, dtype, p, A, B, C), value)).toBeLessThanOrEqual(4 * epsilon[dtype] * scale);
  });

  test("is the same bits where it is small enough to go unpacked", () => {
    const next = random(6, dtype);
    for (const [m, n, k] of [
      [64, 64, 64],
      [13, 37, 100],
      [6, 16, 256],
      [31, 32, 5],
    ]) {
      const [A, B] = [next(m * k), next(k * n)];
      const C = new Float64Array(m * n);
      const transposed = Float64Array.from({ length: n * k }, (_, e) => B[(e % k) * n + Math.floor(e / k)]);
      const p = { m, n, k, alpha: 1, beta: 0, transposeA: false, transposeB: false, ldc: n };
      const small = multiply(kernels, dtype, p, A, B, C);
      expect(multiply(kernels, dtype, { ...p, transposeB: true }, A, transposed, C)).toEqual(small);
      // β = 1 adds to zeros, by way of packing
      expect(multiply(kernels, dtype, { ...p, beta: 1 }, A, B, C)).toEqual(small);
    }
  });

  test("reads rows backwards where strides are negative", () => {
    const [m, n, k] = [13, 24, 20];
    const next = random(7, dtype);
    const [A, B] = [next(m * k), next(k * n)];
    const p = { m, n, k, alpha: 1, beta: 0, transposeA: false, transposeB: false, ldc: n };
    const upsideDown = (x: Float64Array, columns: number) =>
      x.map((_, e) => x[x.length - columns - Math.floor(e / columns) * columns + (e % columns)]);
    const expected = multiply(kernels, dtype, p, upsideDown(A, k), upsideDown(B, n), new Float64Array(m * n));
    kernels.free();
    const [a, b, c] = [A, B, new Float64Array(m * n)].map((x) => kernels.put(dtype, x));
    const bytes = dtype === "f32" ? 4 : 8;
    const [lastA, lastB] = [a + (m - 1) * k * bytes, b + (k - 1) * n * bytes];
    const scratch = kernels.reserve(kernels.call(`gemmScratch_${dtype}`, m, n, k, 1));
    kernels.call(`gemm_${dtype}`, 0, 0, m, n, k, 1, lastA, -k, 1, lastB, -n, 1, 0, c, c, n, scratch);
    expect(kernels.get(dtype, c, m * n)).toEqual(expected);
  });

  test("with β = 0 never reads C", () => {
    const p = { m: 19, n: 21, k: 300, alpha: 1, beta: 0, transposeA: false, transposeB: false, ldc: 21 };
    const [A, B] = [random(4, dtype)(19 * 300), random(5, dtype)(300 * 21)];
    const C = new Float64Array(19 * 21).fill(NaN);
    expect(multiply(kernels, dtype, p, A, B, C).every(Number.isFinite)).toBe(true);
    expect(multiply(kernels, dtype, { ...p, k: 0 }, A, B, C).every((x) => x === 0)).toBe(true);
  });

  test("skipping the zeros of triangles changes nothing", () => {
    const [m, n, k] = [131, 77, 300];
    const keep: Record<number, (i: number, j: number) => boolean> = {
      1: (i, q) => q <= i,
      2: (i, q) => q >= i,
      4: (q, j) => q >= j,
      8: (q, j) => q <= j,
    };
    for (const structure of [1, 2, 4, 8, 1 | 8, 2 | 4, 2 | 8]) {
      const next = random(structure, dtype);
      const only = (rows: number, columns: number, flags: number[]) =>
        next(rows * columns).map((x, e) => {
          const kept = flags.every((f) => !(structure & f) || keep[f](Math.floor(e / columns), e % columns));
          return kept ? x : 0;
        });
      const [A, B, C] = [only(m, k, [1, 2]), only(k, n, [4, 8]), next(m * n)];
      for (const beta of [0, 1]) {
        const p = { m, n, k, alpha: 1, beta, transposeA: false, transposeB: false, ldc: n, structure };
        const { value, scale } = reference(p, A, B, C);
        expect(distance(multiply(kernels, dtype, p, A, B, C), value)).toBeLessThanOrEqual(4 * epsilon[dtype] * scale);
      }
    }
  });

  test("adds an average: C = α·A·B + β·C₀ leaves C₀ alone", () => {
    kernels.free();
    const next = random(6, dtype);
    const [A, B, C0] = [next(30 * 40), next(40 * 50), next(30 * 50)];
    const [a, b, c0, c] = [A, B, C0, new Float64Array(30 * 50)].map((x) => kernels.put(dtype, x));
    const scratch = kernels.reserve(kernels.call(`gemmScratch_${dtype}`, 30, 50, 40, 1));
    kernels.call(`gemm_${dtype}`, 0, 0, 30, 50, 40, 0.05, a, 40, 1, b, 50, 1, 0.95, c0, c, 50, scratch);
    const p = { m: 30, n: 50, k: 40, alpha: 0.05, beta: 0.95, transposeA: false, transposeB: false, ldc: 50 };
    const { value } = reference(p, A, B, C0);
    expect(distance(kernels.get(dtype, c, 1500), value)).toBeLessThan(8 * epsilon[dtype]);
    expect(kernels.get(dtype, c0, 1500)).toEqual(C0);
  });
});

describe.each(cases)("gram $dtype of $name", ({ kernels, dtype }) => {
  test.each([0, 1, 5, 33, 130, 259])("is w·XᵀX + β·C₀, exactly symmetric, n = %i", (n) => {
    for (const [rows, beta] of [
      [0, 0.5],
      [40, 0],
      [300, 0.95],
    ]) {
      kernels.free();
      const next = random(n + rows, dtype);
      const X = next(rows * (n + 2));
      const M = next(n * n);
      const C0 = M.map((_, e) => M[Math.min(Math.floor(e / n), e % n) * n + Math.max(Math.floor(e / n), e % n)]);
      const [x, c0, c] = [X, C0, new Float64Array(n * n)].map((values) => kernels.put(dtype, values));
      const scratch = kernels.reserve(kernels.call(`gemmScratch_${dtype}`, n, n, rows, 1) + 64);
      kernels.call(`gram_${dtype}`, 0, n, rows, 0.05, x, n + 2, beta, c0, c, scratch);
      const C = kernels.get(dtype, c, n * n);
      let most = 0;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let r = 0; r < rows; r++) sum += X[r * (n + 2) + i] * X[r * (n + 2) + j];
          most = Math.max(most, Math.abs(C[i * n + j] - (0.05 * sum + beta * C0[i * n + j])));
          if (C[i * n + j] !== C[j * n + i]) throw new Error(`not symmetric at ${String([i, j])}`);
        }
      }
      expect(most).toBeLessThanOrEqual(16 * epsilon[dtype] * (0.05 * rows + 1));
    }
  });
});

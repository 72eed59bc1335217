import { cases, epsilon, random, type Dtype, type Kernels } from "./modules.js";

const sizes = [0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 64, 65, 100, 150, 259];

/** Symmetric matrices that are hard in different ways. */
const kinds: Record<string, (n: number, x: (length: number) => Float64Array) => (i: number, j: number) => number> = {
  "a random matrix": (n, next) => {
    const R = next(n * n);
    return (i, j) => R[Math.max(i, j) * n + Math.min(i, j)];
  },
  "the zero matrix": () => () => 0,
  "the identity": () => (i, j) => (i === j ? 1 : 0),
  "an eigenvalue repeated n − 1 times": (n) => (i, j) => (i === j ? 2 : 0) + 1 / n,
  "eigenvalues from 1 to 1e-8": (n, next) => {
    const R = next(n * n);
    return (i, j) => R[Math.max(i, j) * n + Math.min(i, j)] * 10 ** (-((i + j) / n) * 8);
  },
  "entries graded down to where their squares underflow": (n, next) => {
    const R = next(n * n);
    return (i, j) => R[Math.max(i, j) * n + Math.min(i, j)] * 10 ** (-((i + j) / n) * 160);
  },
  "two tight clusters": (n, next) => {
    const u = next(n);
    const size = Math.sqrt(u.reduce((sum, x) => sum + x * x, 0));
    return (i, j) => (i === j ? (i % 2) + 1e-6 * i : 0) - (2e-5 * u[i] * u[j]) / size ** 2;
  },
  "rank one": (_, next) => {
    const u = next(1000);
    return (i, j) => u[i] * u[j];
  },
  "a tridiagonal matrix of Wilkinson's": (n) => (i, j) =>
    i === j ? Math.abs(i - (n - 1) / 2) : Math.abs(i - j) === 1 ? 1 : 0,
  "a tiny matrix": (n, next) => {
    const R = next(n * n);
    return (i, j) => R[Math.max(i, j) * n + Math.min(i, j)] * 1e-30;
  },
  "a huge matrix": (n, next) => {
    const R = next(n * n);
    return (i, j) => R[Math.max(i, j) * n + Math.min(i, j)] * 1e30;
  },
};

function eigen(kernels: Kernels, dtype: Dtype, n: number, A: Float64Array) {
  kernels.free();
  const a = kernels.put(
    dtype,
    A.map((x, e) => (e % n < Math.floor(e / n) ? NaN : x)),
  );
  const values = kernels.put(dtype, new Float64Array(n));
  const vectors = kernels.put(dtype, new Float64Array(n * n));
  const scratch = kernels.reserve(kernels.call(`symmetricEigenScratch_${dtype}`, n, 1));
  const after = kernels.put("f64", [7]);
  const status = kernels.call(`symmetricEigen_${dtype}`, 0, n, a, values, vectors, scratch);
  expect(kernels.get("f64", after, 1)[0]).toBe(7);
  return { status, values: kernels.get(dtype, values, n), Q: kernels.get(dtype, vectors, n * n) };
}

/** The largest element of QᵀQ − I. */
function distanceFromOrthonormal(Q: Float64Array, n: number): number {
  let most = 0;
  for (let k = 0; k < n; k++)
    for (let i = 0; i < n; i++) {
      let product = 0;
      for (let j = 0; j < n; j++) product += Q[j * n + i] * Q[j * n + k];
      most = Math.max(most, Math.abs(product - (i === k ? 1 : 0)));
    }
  return most;
}

describe.each(cases)("symmetricEigen $dtype of $name", ({ kernels, dtype }) => {
  test.each(Object.keys(kinds))("decomposes %s", (kind) => {
    for (const n of sizes) {
      const element = kinds[kind](n, random(n + 1, dtype));
      const rounded = (x: number) => (dtype === "f32" ? Math.fround(x) : x);
      const A = Float64Array.from({ length: n * n }, (_, e) => rounded(element(Math.floor(e / n), e % n)));
      const { status, values, Q } = eigen(kernels, dtype, n, A);
      expect(status).toBe(0);
      const norm = Math.sqrt(A.reduce((sum, x) => sum + x * x, 0));
      let residual = 0;
      const orthogonality = distanceFromOrthonormal(Q, n);
      for (let k = 0; k < n; k++) {
        if (k > 0) expect(values[k]).toBeGreaterThanOrEqual(values[k - 1]);
        for (let i = 0; i < n; i++) {
          let ax = 0;
          for (let j = 0; j < n; j++) ax += A[i * n + j] * Q[j * n + k];
          residual = Math.max(residual, Math.abs(ax - values[k] * Q[i * n + k]));
        }
      }
      // LAPACK's test ratios, for which it allows 30
      expect(residual).toBeLessThanOrEqual(10 * n * epsilon[dtype] * norm);
      expect(orthogonality).toBeLessThanOrEqual(10 * n * epsilon[dtype]);
    }
  });

  test("comes to an end where all entries are subnormal", () => {
    const smallest = dtype === "f64" ? 2 ** -1074 : 2 ** -149;
    for (const n of [1, 5, 40]) {
      const A = Float64Array.from({ length: n * n }, (_, e) => ((e % n) + Math.floor(e / n)) * smallest);
      const { status, Q } = eigen(kernels, dtype, n, A);
      expect(status).toBe(0);
      expect(distanceFromOrthonormal(Q, n)).toBeLessThanOrEqual(10 * n * epsilon[dtype]);
    }
  });

  test("reports a matrix that is not finite", () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const A = new Float64Array(25).fill(1);
      A[7] = bad;
      expect(eigen(kernels, dtype, 5, A).status).toBe(1);
    }
  });
});

import { cases, distance, epsilon, random, type Dtype, type Kernels } from "./modules.js";

const sizes = [0, 1, 2, 3, 5, 7, 8, 13, 31, 32, 33, 48, 64, 65, 97, 130, 200];

/** XᵀX/n + damping·I in the dtype's precision, symmetric positive definite. */
function spd(n: number, dtype: Dtype, damping: number) {
  const X = random(n + 1, dtype)(n * n);
  const A = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? damping : 0;
      for (let k = 0; k < n; k++) sum += (X[k * n + i] * X[k * n + j]) / n;
      A[i * n + j] = A[j * n + i] = dtype === "f32" ? Math.fround(sum) : sum;
    }
  }
  return A;
}

/** A lower triangle with zeros above and a diagonal away from 0. */
function lower(n: number, ld: number, dtype: Dtype) {
  const L = random(n + 2, dtype)(n * ld);
  return L.map((x, e) => {
    const [i, j] = [Math.floor(e / ld), e % ld];
    return j > i ? 0 : i === j ? 1 + Math.abs(x) : (2 * x) / n;
  });
}

function product(
  m: number,
  n: number,
  k: number,
  a: (i: number, q: number) => number,
  b: (q: number, j: number) => number,
) {
  const C = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let q = 0; q < k; q++) {
      const x = a(i, q);
      for (let j = 0; j < n; j++) C[i * n + j] += x * b(q, j);
    }
  }
  return C;
}

const identity = (n: number) => Float64Array.from({ length: n * n }, (_, e) => (e % (n + 1) === 0 ? 1 : 0));

describe.each(cases)("factorisations $dtype of $name", ({ kernels, dtype }) => {
  const eps = epsilon[dtype];

  test.each([
    ["L·X = B", 0, 0],
    ["Lᵀ·X = B", 0, 1],
    ["X·L = B", 1, 0],
    ["X·Lᵀ = B", 1, 1],
  ])("solveTriangular finds X in %s", (_, right, transposed) => {
    for (const n of sizes) {
      for (const m of [0, 1, 3, 8, 9, 70]) {
        kernels.free();
        const [ldl, ldb] = [n + 1, (right ? n : m) + 2];
        const L = lower(n, ldl, dtype);
        const B = random(m, dtype)((right ? m : n) * ldb);
        const [l, b] = [kernels.put(dtype, L), kernels.put(dtype, B)];
        const scratch = kernels.reserve(kernels.call(`solveScratch_${dtype}`, n, m, 1));
        kernels.call(`solveTriangular_${dtype}`, 0, right, transposed, n, m, l, ldl, b, ldb, scratch);
        const X = kernels.get(dtype, b, B.length);
        const t = (i: number, j: number) => (transposed ? L[j * ldl + i] : L[i * ldl + j]);
        const x = (i: number, j: number) => X[i * ldb + j];
        const back = right ? product(m, n, n, x, t) : product(n, m, n, t, x);
        const [rows, columns] = right ? [m, n] : [n, m];
        const wanted = Float64Array.from(
          { length: rows * columns },
          (_, e) => B[Math.floor(e / columns) * ldb + (e % columns)],
        );
        expect(distance(back, wanted)).toBeLessThanOrEqual(30 * eps);
        const beyond = X.filter((_, e) => e % ldb >= columns);
        expect(beyond).toEqual(B.filter((_, e) => e % ldb >= columns));
      }
    }
  });

  test("invertTriangular finds L⁻¹, with zeros above", () => {
    for (const n of sizes) {
      kernels.free();
      const ld = n + 3;
      const L = lower(n, ld, dtype);
      const l = kernels.put(dtype, L);
      const scratch = kernels.reserve(kernels.call(`invertScratch_${dtype}`, n, 1));
      kernels.call(`invertTriangular_${dtype}`, 0, n, l, ld, scratch);
      const X = kernels.get(dtype, l, L.length);
      expect(X.some((x, e) => e % ld > Math.floor(e / ld) && e % ld < n && !Object.is(x, 0))).toBe(false);
      const back = product(
        n,
        n,
        n,
        (i, q) => L[i * ld + q],
        (q, j) => X[q * ld + j],
      );
      expect(distance(back, identity(n))).toBeLessThanOrEqual(30 * eps);
    }
  });

  test.each(sizes)("cholesky gives A = LLᵀ with zeros above, n = %i", (n) => {
    const A = spd(n, dtype, 1e-3);
    const { status, L } = factor(kernels, dtype, n, A);
    expect(status).toBe(0);
    expect(L.some((x, e) => e % n > Math.floor(e / n) && x !== 0)).toBe(false);
    const back = product(
      n,
      n,
      n,
      (i, q) => L[i * n + q],
      (q, j) => L[j * n + q],
    );
    expect(distance(back, A)).toBeLessThanOrEqual((n + 4) * eps);
  });

  test.each([
    [0, 5],
    [3, 5],
    [31, 40],
    [32, 40],
    [70, 130],
    [129, 130],
  ])("cholesky names pivot %i of a matrix of order %i that is not positive", (bad, n) => {
    for (const value of [-0.5, 0, NaN, Infinity]) {
      const A = identity(n);
      A[bad * n + bad] = value;
      const { status, pivot } = factor(kernels, dtype, n, A);
      expect(status).toBe(1 + bad);
      expect(pivot).toBe(value);
    }
  });

  test.each(sizes)("invertSpd gives A⁻¹, exactly symmetric, n = %i", (n) => {
    const A = spd(n, dtype, 0.1);
    kernels.free();
    const a = kernels.put(dtype, A);
    const out = kernels.reserve(n * n * 8);
    const pivot = kernels.reserve(8);
    const scratch = kernels.reserve(kernels.call(`invertSpdScratch_${dtype}`, n, 1));
    expect(kernels.call(`invertSpd_${dtype}`, 0, n, a, out, pivot, scratch)).toBe(0);
    const X = kernels.get(dtype, out, n * n);
    expect(X.some((x, e) => x !== X[(e % n) * n + Math.floor(e / n)])).toBe(false);
    expect(kernels.get(dtype, a, n * n)).toEqual(A);
    const back = product(
      n,
      n,
      n,
      (i, q) => A[i * n + q],
      (q, j) => X[q * n + j],
    );
    // ‖AX − I‖ ≤ c·n·ε·κ(A), κ ≤ 20 here
    expect(distance(back, identity(n))).toBeLessThanOrEqual(20 * (n + 4) * eps);
  });
});

function factor(kernels: Kernels, dtype: Dtype, n: number, A: Float64Array) {
  kernels.free();
  // only the lower triangle is read
  const a = kernels.put(
    dtype,
    A.map((x, e) => (e % n > Math.floor(e / n) ? NaN : x)),
  );
  const pivot = kernels.reserve(8);
  const scratch = kernels.reserve(kernels.call(`choleskyScratch_${dtype}`, n, 1));
  const status = kernels.call(`cholesky_${dtype}`, 0, n, a, n, pivot, scratch);
  return { status, L: kernels.get(dtype, a, n * n), pivot: kernels.get("f64", pivot, 1)[0] };
}

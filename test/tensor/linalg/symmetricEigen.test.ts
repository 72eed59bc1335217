import fc from "fast-check";
import { epsilon, type DType, type FloatArray } from "../../../src/tensor/dtype.js";
import { NumericalError, symmetricEigen } from "../../../src/tensor/linalg/index.js";
import { implicitQl } from "../../../src/tensor/linalg/implicitQl.js";
import {
  array,
  diagonal,
  dtypes,
  identity,
  norm,
  product,
  randomNumbers,
  ratio,
  RATIO_LIMIT,
  spdProblems,
  symmetricWith,
  transpose,
} from "../../support/matrices.js";

/** ‖A − QΛQᵀ‖/(n‖A‖ε) and ‖QᵀQ − I‖/(nε) are below the limit, and the values ascend. */
function expectDecomposition(a: FloatArray, n: number, dtype: DType): FloatArray {
  const { values, vectors } = symmetricEigen(a, n);
  const scaled = new Float64Array(vectors).map((entry, at) => entry * values[at % n]);
  const transposed = transpose(vectors, n, n);
  const restored = product(scaled, transposed, n, n, n);
  expect(ratio(a, restored, n, { n, scale: norm(a, n), dtype })).toBeLessThan(RATIO_LIMIT);
  const inner = product(transposed, vectors, n, n, n);
  expect(ratio(identity(n), inner, n, { n, scale: 1, dtype })).toBeLessThan(RATIO_LIMIT);
  expect(values).toEqual(values.slice().sort());
  return values;
}

/** Every value is within limit·n·ε·max|λ| of the expected one (Weyl). */
function expectValues(values: FloatArray, expected: readonly number[], dtype: DType): void {
  const n = expected.length;
  const largest = Math.max(...expected.map(Math.abs));
  const furthest = Math.max(...expected.map((value, i) => Math.abs(value - values[i])));
  expect(furthest).toBeLessThanOrEqual(RATIO_LIMIT * n * epsilon(dtype) * largest);
}

describe("symmetricEigen", () => {
  test("A = QΛQᵀ with orthonormal Q and the prescribed Λ, for every size, scale and clustering", () => {
    fc.assert(
      fc.property(spdProblems(), ({ a, n, dtype, spectrum }) => {
        expectValues(expectDecomposition(a, n, dtype), spectrum, dtype);
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  test("the same holds for indefinite matrices of few distinct eigenvalues, down to condition numbers past 1/ε", () => {
    const eigenvalues = fc.constantFrom(-1, 1, 0, 1e-20, 1 + 1e-9, -3);
    fc.assert(
      fc.property(
        fc.array(eigenvalues, { minLength: 1, maxLength: 50 }),
        fc.nat(),
        fc.constantFrom(...dtypes),
        (spectrum, seed, dtype) => {
          const a = array(dtype, symmetricWith(spectrum, randomNumbers(seed)));
          const values = expectDecomposition(a, spectrum.length, dtype);
          expectValues(values, spectrum.slice().sort((p, q) => p - q), dtype); // prettier-ignore
        },
      ),
      { seed: 2, numRuns: 60 },
    );
  });

  test("diagonal matrices, the identity and zero decompose exactly", () => {
    for (const dtype of dtypes) {
      expect(symmetricEigen(array(dtype, diagonal([3, -1, 2])), 3)).toEqual({
        values: array(dtype, [-1, 2, 3]),
        vectors: array(dtype, [0, 0, 1, 1, 0, 0, 0, 1, 0]),
      });
      for (const n of [0, 1, 2, 5]) {
        expect(symmetricEigen(array(dtype, identity(n)), n)).toEqual({
          values: array(dtype, new Array<number>(n).fill(1)),
          vectors: array(dtype, identity(n)),
        });
        expect(symmetricEigen(array(dtype, new Float64Array(n * n)), n)).toEqual({
          values: array(dtype, new Array<number>(n).fill(0)),
          vectors: array(dtype, identity(n)),
        });
      }
    }
  });

  test("column j holds the eigenvector of value j", () => {
    const { values, vectors } = symmetricEigen(new Float64Array([2, 1, 1, 2]), 2);
    expectValues(values, [1, 3], "float64");
    expect(vectors[0] * vectors[2]).toBeCloseTo(-0.5, 15);
    expect(vectors[1] * vectors[3]).toBeCloseTo(0.5, 15);
  });

  test("the second difference matrix has the eigenvalues 2 − 2cos(kπ/(n + 1))", () => {
    for (const n of [2, 3, 10, 101]) {
      const a = tridiagonal(new Array<number>(n).fill(2), -1);
      const expected = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));
      expectValues(expectDecomposition(a, n, "float64"), expected, "float64");
    }
  });

  test("Wilkinson's W₂₁⁺, whose largest eigenvalues agree to fifteen digits, keeps orthogonal vectors", () => {
    const a = tridiagonal(
      Array.from({ length: 21 }, (_, i) => Math.abs(i - 10)),
      1,
    );
    const values = expectDecomposition(a, 21, "float64");
    expect(values[20]).toBeCloseTo(10.746194182903393, 12);
    expect(values[20] - values[19]).toBeLessThan(1e-12);
  });

  test("a graded matrix, its largest entries first or last, decomposes", () => {
    for (const direction of [1, -1]) {
      const grade = (i: number) => 10 ** (-direction * 2 * i);
      const a = Float64Array.from({ length: 144 }, (_, at) => grade(Math.floor(at / 12)) * grade(at % 12));
      for (let i = 0; i < 12; i++) a[i * 13] *= 3;
      expectDecomposition(a, 12, "float64");
    }
  });

  test("entries near the largest and the smallest numbers of the type decompose", () => {
    const extremes = { float32: [1e-37, 1e37], float64: [1e-307, 1e307] };
    for (const dtype of dtypes)
      for (const scale of extremes[dtype]) {
        const spectrum = Array.from({ length: 9 }, (_, i) => (i - 3) * scale);
        const a = array(dtype, symmetricWith(spectrum, randomNumbers(7)));
        expectValues(expectDecomposition(a, 9, dtype), spectrum, dtype);
      }
  });

  test("entries that vanish beside the largest leave the vectors orthonormal", () => {
    for (const p of [0, 1, 2, 3])
      for (const q of [1, 2, 3])
        for (const r of [0, 1, 2]) {
          const [a, b, c] = [p, q, r].map((units) => units * Number.MIN_VALUE);
          expectDecomposition(new Float64Array([1, 0, 0, 0, a, b, 0, b, c]), 3, "float64");
        }
  });

  test("a block whose squares underflow beside the largest entry leaves the vectors orthonormal", () => {
    const block = symmetricWith([1, 2, 3, 4], randomNumbers(3));
    const a = diagonal([1, 0, 0, 0, 0]);
    for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) a[(i + 1) * 5 + j + 1] = 1e-200 * block[i * 4 + j];
    const values = expectDecomposition(a, 5, "float64");
    expectValues(
      values.subarray(0, 4).map((value) => value * 1e200),
      [1, 2, 3, 4],
      "float64",
    );
  });

  test("an asymmetry within roundoff is accepted, and a larger one is refused", () => {
    for (const dtype of dtypes) {
      const a = array(dtype, [1, 0.5, 0.5, 1]);
      a[1] += 2 * epsilon(dtype);
      expectDecomposition(a, 2, dtype);
      a[1] += 1e3 * epsilon(dtype);
      expect(() => symmetricEigen(a, 2)).toThrow(RangeError);
    }
  });

  test("leaves its input as it was", () => {
    const a = new Float64Array([2, 1, 1, 2]);
    symmetricEigen(a, 2);
    expect(Array.from(a)).toEqual([2, 1, 1, 2]);
  });

  test("names the entries and the length that stop it", () => {
    expect(() => symmetricEigen(new Float64Array([1, 2, 3, 4]), 2)).toThrow(
      new RangeError(
        "symmetricEigen: entries (1, 0) = 3 and (0, 1) = 2 of a [2×2] float64 matrix differ; pass a symmetric matrix, such as (A + Aᵀ)/2",
      ),
    );
    expect(() => symmetricEigen(new Float32Array([1, NaN, 3, 4]), 2)).toThrow(
      new NumericalError("symmetricEigen: entry (0, 1) of a [2×2] float32 matrix is NaN; entries must be finite"),
    );
    expect(() => symmetricEigen(new Float32Array(3), 2)).toThrow(
      new RangeError("symmetricEigen: a has 3 elements, [2×2] needs 4"),
    );
  });

  test("QL that does not converge says so instead of running for ever", () => {
    const diverging = {
      diagonal: new Float64Array([1, NaN]),
      offDiagonal: new Float64Array([1, 0]),
      V: array("float64", identity(2)) as Float64Array,
    };
    expect(() => implicitQl(diverging, 2, "symmetricEigen")).toThrow(
      new NumericalError("symmetricEigen: eigenvalue 0 of 2 has not converged after 60 sweeps; add damping"),
    );
  });
});

/** A symmetric tridiagonal matrix with the given diagonal and one value beside it. */
function tridiagonal(entries: readonly number[], beside: number): Float64Array {
  const n = entries.length;
  const result = diagonal(entries);
  for (let i = 1; i < n; i++) result[i * n + i - 1] = result[(i - 1) * n + i] = beside;
  return result;
}

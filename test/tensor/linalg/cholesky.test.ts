import fc from "fast-check";
import { cholesky, NumericalError } from "../../../src/tensor/linalg/index.js";
import {
  array,
  conditionLimit,
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
  type SymmetricProblem,
} from "../../support/matrices.js";

/** ‖A − LLᵀ‖ / (n‖A‖ε). */
function choleskyRatio({ a, n, dtype }: SymmetricProblem): number {
  const L = cholesky(a, n);
  return ratio(a, product(L, transpose(L, n, n), n, n, n), n, { n, scale: norm(a, n), dtype });
}

describe("cholesky", () => {
  test("A = LLᵀ up to roundoff, for every size, scale and clustering of eigenvalues", () => {
    fc.assert(
      fc.property(spdProblems(), (problem) => expect(choleskyRatio(problem)).toBeLessThan(RATIO_LIMIT)),
      { seed: 1, numRuns: 60 },
    );
  });

  test("beyond its condition limit it either refuses by name or still holds A = LLᵀ", () => {
    const outcomes = { held: 0, refused: 0 };
    const conditions = { float32: 1e12, float64: 1e24 };
    fc.assert(
      fc.property(spdProblems({ largest: 60, conditions }), (problem) => {
        try {
          expect(choleskyRatio(problem)).toBeLessThan(RATIO_LIMIT);
          outcomes.held++;
        } catch (error) {
          if (!(error instanceof NumericalError)) throw error;
          expect(error.message).toMatch(
            /^cholesky: pivot \d+ of a \[\d+×\d+\] float\d+ matrix is .*, not positive; add damping$/,
          );
          expect(problem.condition).toBeGreaterThan(conditionLimit[problem.dtype]);
          outcomes.refused++;
        }
      }),
      { seed: 2, numRuns: 80 },
    );
    expect(outcomes.held).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  });

  test("L has a positive diagonal and zeros above it", () => {
    fc.assert(
      fc.property(spdProblems({ largest: 30 }), ({ a, n }) => {
        const L = cholesky(a, n);
        const diagonal = L.filter((_, at) => at % (n + 1) === 0);
        const above = L.filter((_, at) => at % n > Math.floor(at / n));
        expect(diagonal.every((value) => value > 0)).toBe(true);
        expect(above.every((value) => value === 0)).toBe(true);
      }),
      { seed: 3, numRuns: 30 },
    );
  });

  test("an indefinite matrix is refused, however it is turned", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.constantFrom(...dtypes), (n, seed, dtype) => {
        const spectrum = Array.from({ length: n }, (_, i) => (i === 0 ? -0.01 : 1));
        const a = array(dtype, symmetricWith(spectrum, randomNumbers(seed)));
        expect(() => cholesky(a, n)).toThrow(NumericalError);
      }),
      { seed: 4, numRuns: 40 },
    );
  });

  test("the factor of a matrix of squares is exact", () => {
    const a = new Float32Array([4, 2, -6, 2, 10, 0, -6, 0, 35]);
    expect(Array.from(cholesky(a, 3))).toEqual([2, 0, 0, 1, 3, 0, -3, 1, 5]);
    expect(Array.from(cholesky(array("float64", identity(3)), 3))).toEqual(Array.from(identity(3)));
    expect(cholesky(new Float32Array(0), 0)).toEqual(new Float32Array(0));
  });

  test("reads only the lower triangle and writes to neither", () => {
    const a = new Float64Array([4, NaN, 2, 10]);
    expect(Array.from(cholesky(a, 2))).toEqual([2, 0, 1, 3]);
    expect(Array.from(a)).toEqual([4, NaN, 2, 10]);
  });

  test("names the pivot, the entry and the length that stop it", () => {
    const a = array("float32", identity(4));
    a[5] = -3e-7;
    expect(() => cholesky(a, 4)).toThrow(
      new NumericalError("cholesky: pivot 1 of a [4×4] float32 matrix is −3e-7, not positive; add damping"),
    );
    expect(() => cholesky(new Float64Array(4), 2)).toThrow(
      new NumericalError("cholesky: pivot 0 of a [2×2] float64 matrix is 0, not positive; add damping"),
    );
    expect(() => cholesky(new Float64Array([1, 0, -Infinity, 1]), 2)).toThrow(
      new NumericalError("cholesky: entry (1, 0) of a [2×2] float64 matrix is −Infinity; entries must be finite"),
    );
    expect(() => cholesky(new Float64Array([1, 0, 0, NaN]), 2)).toThrow(
      "cholesky: entry (1, 1) of a [2×2] float64 matrix is NaN; entries must be finite",
    );
    expect(() => cholesky(new Float64Array(5), 2)).toThrow(new RangeError("cholesky: a has 5 elements, [2×2] needs 4"));
    expect(() => cholesky(new Float64Array(5), 0.5)).toThrow("cholesky: n is 0.5; sizes are integers of at least 0");
  });
});

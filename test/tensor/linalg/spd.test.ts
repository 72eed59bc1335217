import fc from "fast-check";
import { invertSpd, logDeterminant, NumericalError, solveSpd } from "../../../src/tensor/linalg/index.js";
import type { FloatArray } from "../../../src/tensor/dtype.js";
import {
  array,
  asymmetry,
  diagonal,
  dtypes,
  identity,
  norm,
  product,
  randomArray,
  randomNumbers,
  ratio,
  RATIO_LIMIT,
  spdProblems,
  symmetricWith,
  type SymmetricProblem,
} from "../../support/matrices.js";

/** ‖I − A·A⁻¹‖ / (n‖A‖‖A⁻¹‖ε). */
function inverseRatio({ a, n, dtype }: SymmetricProblem): number {
  const inverse = invertSpd(a, n);
  return ratio(identity(n), product(a, inverse, n, n, n), n, { n, scale: norm(a, n) * norm(inverse, n), dtype });
}

/** a with NaN above its diagonal. */
function lowerOnly(a: FloatArray, n: number): FloatArray {
  return a.map((value, at) => (at % n > Math.floor(at / n) ? NaN : value));
}

describe("solveSpd", () => {
  test("A·X = B up to roundoff, reading only the lower triangle of A", () => {
    fc.assert(
      fc.property(spdProblems(), fc.nat({ max: 7 }), ({ a, n, dtype, random }, columns) => {
        const b = randomArray(dtype, n * columns, random);
        const x = solveSpd(lowerOnly(a, n), b, n, columns);
        const scale = norm(a, n) * norm(x, columns);
        expect(ratio(b, product(a, x, n, n, columns), columns, { n, scale, dtype })).toBeLessThan(RATIO_LIMIT);
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  test("names the pivot, the length and the types that stop it", () => {
    const a = new Float32Array([1, 2, 2, 1]);
    expect(() => solveSpd(a, a, 2, 2)).toThrow(
      new NumericalError("solveSpd: pivot 1 of a [2×2] float32 matrix is −3, not positive; add damping"),
    );
    expect(() => solveSpd(a, a, 2, 1)).toThrow(new RangeError("solveSpd: b has 4 elements, [2×1] needs 2"));
    expect(() => solveSpd<FloatArray>(a, new Float64Array(2), 2, 1)).toThrow(
      new TypeError("solveSpd: a is float32 and b is float64; convert one of them"),
    );
  });
});

describe("invertSpd", () => {
  test("A·A⁻¹ = I up to roundoff, for every size, scale and clustering of eigenvalues", () => {
    fc.assert(
      fc.property(spdProblems(), (problem) => expect(inverseRatio(problem)).toBeLessThan(RATIO_LIMIT)),
      { seed: 2, numRuns: 40 },
    );
  });

  test("beyond its condition limit it either refuses by name or still holds A·A⁻¹ = I", () => {
    const outcomes = { held: 0, refused: 0 };
    fc.assert(
      fc.property(spdProblems({ largest: 60, conditions: { float32: 1e12, float64: 1e24 } }), (problem) => {
        try {
          expect(inverseRatio(problem)).toBeLessThan(RATIO_LIMIT);
          outcomes.held++;
        } catch (error) {
          if (!(error instanceof NumericalError)) throw error;
          expect(error.message).toMatch(/^invertSpd: pivot \d+ of .*, not positive; add damping$/);
          outcomes.refused++;
        }
      }),
      { seed: 3, numRuns: 60 },
    );
    expect(outcomes.held).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  });

  test("A⁻¹ is exactly symmetric, though only the lower triangle of A is read", () => {
    fc.assert(
      fc.property(spdProblems({ largest: 40 }), ({ a, n }) => {
        const inverse = invertSpd(lowerOnly(a, n), n);
        expect(inverse).toEqual(invertSpd(a, n));
        expect(asymmetry(inverse, n)).toBe(0);
      }),
      { seed: 4, numRuns: 30 },
    );
  });

  test("the inverse of powers of two is exact", () => {
    for (const dtype of dtypes)
      expect(invertSpd(array(dtype, diagonal([4, 0.25, 16, 1])), 4)).toEqual(
        array(dtype, diagonal([0.25, 4, 0.0625, 1])),
      );
    expect(Array.from(invertSpd(new Float64Array([4, 2, 2, 5]), 2))).toEqual([0.3125, -0.125, -0.125, 0.25]);
    expect(invertSpd(new Float32Array(0), 0)).toHaveLength(0);
  });

  test("names the pivot and the length that stop it", () => {
    expect(() => invertSpd(new Float32Array(9), 3)).toThrow(
      new NumericalError("invertSpd: pivot 0 of a [3×3] float32 matrix is 0, not positive; add damping"),
    );
    expect(() => invertSpd(new Float32Array(9), 2)).toThrow(
      new RangeError("invertSpd: a has 9 elements, [2×2] needs 4"),
    );
  });
});

describe("logDeterminant", () => {
  test("is the sum of the logarithms of the eigenvalues", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 120 }), fc.nat(), (n, seed) => {
        const random = randomNumbers(seed);
        const spectrum = Array.from({ length: n }, () => 10 ** (2 * random()));
        const expected = spectrum.reduce((sum, value) => sum + Math.log(value), 0);
        // A relative change of n·ε·κ, with κ = 10⁴, in every eigenvalue.
        const tolerance = n * n * Number.EPSILON * 1e4;
        const actual = logDeterminant(symmetricWith(spectrum, random), n);
        expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance);
      }),
      { seed: 5, numRuns: 40 },
    );
  });

  test("neither overflows nor underflows where the determinant would", () => {
    expect(logDeterminant(diagonal(new Array<number>(100).fill(1e150)), 100)).toBeCloseTo(15000 * Math.log(10), 8);
    expect(logDeterminant(diagonal(new Array<number>(100).fill(1e-150)), 100)).toBeCloseTo(-15000 * Math.log(10), 8);
  });

  test("names the pivot and the length that stop it", () => {
    expect(() => logDeterminant(new Float64Array([-2]), 1)).toThrow(
      new NumericalError("logDeterminant: pivot 0 of a [1×1] float64 matrix is −2, not positive; add damping"),
    );
    expect(() => logDeterminant(new Float64Array(2), 1)).toThrow(
      new RangeError("logDeterminant: a has 2 elements, [1×1] needs 1"),
    );
  });
});

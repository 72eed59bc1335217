import fc from "fast-check";
import { inverseSquareRoot, NumericalError, symmetricSquareRoot } from "../../../src/tensor/linalg/index.js";
import {
  array,
  asymmetry,
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
} from "../../support/matrices.js";

describe("symmetricSquareRoot", () => {
  test("S·S = A up to roundoff, and S is exactly symmetric", () => {
    fc.assert(
      fc.property(spdProblems({ largest: 120 }), ({ a, n, dtype }) => {
        const s = symmetricSquareRoot(a, n);
        expect(ratio(a, product(s, s, n, n, n), n, { n, scale: norm(a, n), dtype })).toBeLessThan(RATIO_LIMIT);
        expect(asymmetry(s, n)).toBe(0);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  test("a singular matrix has one: eigenvalues that roundoff made negative count as 0", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), fc.constantFrom(...dtypes), (n, seed, dtype) => {
        const spectrum = Array.from({ length: n }, (_, i) => (2 * i < n ? 0 : 1));
        const a = array(dtype, symmetricWith(spectrum, randomNumbers(seed)));
        const s = symmetricSquareRoot(a, n);
        expect(ratio(a, product(s, s, n, n, n), n, { n, scale: norm(a, n), dtype })).toBeLessThan(RATIO_LIMIT);
      }),
      { seed: 2, numRuns: 40 },
    );
  });

  test("the root of squares on the diagonal is exact, and that of zero is zero", () => {
    for (const dtype of dtypes) {
      expect(symmetricSquareRoot(array(dtype, diagonal([16, 0, 81])), 3)).toEqual(array(dtype, diagonal([4, 0, 9])));
      expect(symmetricSquareRoot(array(dtype, [0, 0, 0, 0]), 2)).toEqual(array(dtype, [0, 0, 0, 0]));
      expect(symmetricSquareRoot(array(dtype, []), 0)).toHaveLength(0);
    }
  });

  test("names the eigenvalue, the entries and the length that stop it", () => {
    expect(() => symmetricSquareRoot(new Float64Array([1, 0, 0, -0.5]), 2)).toThrow(
      new NumericalError(
        "symmetricSquareRoot: the smallest eigenvalue of a [2×2] float64 matrix is −0.5, negative; add damping",
      ),
    );
    expect(() => symmetricSquareRoot(new Float64Array([1, 0, 1, 1]), 2)).toThrow(
      "symmetricSquareRoot: entries (1, 0) = 1 and (0, 1) = 0 of a [2×2] float64 matrix differ",
    );
    expect(() => symmetricSquareRoot(new Float64Array(3), 2)).toThrow(
      new RangeError("symmetricSquareRoot: a has 3 elements, [2×2] needs 4"),
    );
  });
});

describe("inverseSquareRoot", () => {
  test("R·A·R = I up to roundoff, and R is exactly symmetric", () => {
    fc.assert(
      fc.property(spdProblems({ largest: 120 }), ({ a, n, dtype }) => {
        const r = inverseSquareRoot(a, n);
        const restored = product(product(r, a, n, n, n), r, n, n, n);
        const scale = norm(r, n) ** 2 * norm(a, n);
        expect(ratio(identity(n), restored, n, { n, scale, dtype })).toBeLessThan(RATIO_LIMIT);
        expect(asymmetry(r, n)).toBe(0);
      }),
      { seed: 3, numRuns: 30 },
    );
  });

  test("the inverse root of squares on the diagonal is exact", () => {
    for (const dtype of dtypes) {
      expect(inverseSquareRoot(array(dtype, diagonal([16, 1, 0.0625])), 3)).toEqual(
        array(dtype, diagonal([0.25, 1, 4])),
      );
      expect(inverseSquareRoot(array(dtype, []), 0)).toHaveLength(0);
    }
  });

  test("names the eigenvalue and the length that stop it", () => {
    expect(() => inverseSquareRoot(new Float32Array([1, 0, 0, 0]), 2)).toThrow(
      new NumericalError(
        "inverseSquareRoot: the smallest eigenvalue of a [2×2] float32 matrix is 0, not positive beyond roundoff; add damping",
      ),
    );
    expect(() => inverseSquareRoot(new Float64Array([-2]), 1)).toThrow(
      "inverseSquareRoot: the smallest eigenvalue of a [1×1] float64 matrix is −2, not positive beyond roundoff; add damping",
    );
    const rankOne = Float64Array.from({ length: 49 }, (_, at) => (1 + Math.floor(at / 7)) * (1 + (at % 7)));
    expect(() => inverseSquareRoot(rankOne, 7)).toThrow(NumericalError);
    expect(() => inverseSquareRoot(new Float64Array(3), 2)).toThrow(
      new RangeError("inverseSquareRoot: a has 3 elements, [2×2] needs 4"),
    );
  });
});

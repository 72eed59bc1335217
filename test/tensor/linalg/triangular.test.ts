import fc from "fast-check";
import { cholesky, invertTriangular, NumericalError, solveTriangular } from "../../../src/tensor/linalg/index.js";
import type { FloatArray } from "../../../src/tensor/dtype.js";
import {
  array,
  dtypes,
  identity,
  norm,
  product,
  randomArray,
  ratio,
  RATIO_LIMIT,
  spdProblems,
  transpose,
  type SymmetricProblem,
} from "../../support/matrices.js";

/** A triangular matrix as hard as the problem is, and the same with its unread triangle filled with NaN. */
function triangle({ a, n, dtype }: SymmetricProblem, upper: boolean): { L: FloatArray; spoiled: FloatArray } {
  const lower = cholesky(a, n);
  const L = array(dtype, upper ? transpose(lower, n, n) : lower);
  const spoiled = L.map((value, at) => (isOther(at, n, upper) ? NaN : value));
  return { L, spoiled };
}

/** Whether element `at` lies in the triangle that is not named. */
function isOther(at: number, n: number, upper: boolean): boolean {
  const column = at % n;
  const row = (at - column) / n;
  return upper ? column < row : column > row;
}

describe("solveTriangular", () => {
  test("op(L)·X = B up to roundoff, for both triangles and both transpositions, with the other triangle unread", () => {
    fc.assert(
      fc.property(
        spdProblems(),
        fc.nat({ max: 9 }),
        fc.boolean(),
        fc.boolean(),
        (problem, columns, upper, isTransposed) => {
          const { n, dtype, random } = problem;
          const { L, spoiled } = triangle(problem, upper);
          const b = randomArray(dtype, n * columns, random);
          const x = solveTriangular(spoiled, b, n, columns, { upper, transpose: isTransposed });
          const opL = isTransposed ? transpose(L, n, n) : L;
          const scale = norm(opL, n) * norm(x, columns);
          expect(ratio(b, product(opL, x, n, n, columns), columns, { n, scale, dtype })).toBeLessThan(RATIO_LIMIT);
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });

  test("is exact on small integers in each of the four cases", () => {
    const lower = new Float32Array([1, 0, 2, 1]);
    const upper = new Float32Array([1, 2, 0, 1]);
    const b = new Float32Array([1, 10, 4, 50]);
    const solve = (l: Float32Array, options: object) => Array.from(solveTriangular(l, b, 2, 2, options));
    expect(solve(lower, {})).toEqual([1, 10, 2, 30]);
    expect(solve(lower, { transpose: true })).toEqual([-7, -90, 4, 50]);
    expect(solve(upper, { upper: true })).toEqual([-7, -90, 4, 50]);
    expect(solve(upper, { upper: true, transpose: true })).toEqual([1, 10, 2, 30]);
    expect(Array.from(b)).toEqual([1, 10, 4, 50]);
  });

  test("with no rows or no columns gives an empty matrix", () => {
    expect(solveTriangular(new Float32Array(0), new Float32Array(0), 0, 3)).toEqual(new Float32Array(0));
    expect(solveTriangular(new Float32Array([2]), new Float32Array(0), 1, 0)).toEqual(new Float32Array(0));
  });

  test("names the diagonal entry, the length and the types that stop it", () => {
    const l = new Float64Array([1, 0, 5, 0]);
    expect(() => solveTriangular(l, new Float64Array(2), 2, 1)).toThrow(
      new NumericalError(
        "solveTriangular: diagonal entry 1 of a [2×2] float64 matrix is 0, so there is no inverse; add damping",
      ),
    );
    expect(() => solveTriangular(new Float64Array([1, NaN, 0, 1]), new Float64Array(2), 2, 1, { upper: true })).toThrow(
      new NumericalError("solveTriangular: entry (0, 1) of a [2×2] float64 matrix is NaN; entries must be finite"),
    );
    expect(() => solveTriangular(l, l, 2, 3)).toThrow(
      new RangeError("solveTriangular: b has 4 elements, [2×3] needs 6"),
    );
    expect(() => solveTriangular(l, l, 3, 1)).toThrow("solveTriangular: l has 4 elements, [3×3] needs 9");
    expect(() => solveTriangular(l, l, 2, -1)).toThrow(
      "solveTriangular: columns is −1; sizes are integers of at least 0",
    );
    expect(() => solveTriangular<FloatArray>(l, new Float32Array(2), 2, 1)).toThrow(
      new TypeError("solveTriangular: l is float64 and b is float32; convert one of them"),
    );
  });
});

describe("invertTriangular", () => {
  test("L·L⁻¹ = I up to roundoff, with zeros in the other triangle, which is unread", () => {
    fc.assert(
      fc.property(spdProblems(), fc.boolean(), (problem, upper) => {
        const { n, dtype } = problem;
        const { L, spoiled } = triangle(problem, upper);
        const inverse = invertTriangular(spoiled, n, { upper });
        const scale = norm(L, n) * norm(inverse, n);
        expect(ratio(identity(n), product(L, inverse, n, n, n), n, { n, scale, dtype })).toBeLessThan(RATIO_LIMIT);
        expect(inverse.every((value, at) => value === 0 || !isOther(at, n, upper))).toBe(true);
      }),
      { seed: 2, numRuns: 30 },
    );
  });

  test("is exact on small integers in both triangles", () => {
    for (const dtype of dtypes) {
      expect(Array.from(invertTriangular(array(dtype, [1, 0, 2, 4]), 2))).toEqual([1, 0, -0.5, 0.25]);
      expect(Array.from(invertTriangular(array(dtype, [1, 2, 0, 4]), 2, { upper: true }))).toEqual([1, -0.5, 0, 0.25]);
      expect(invertTriangular(array(dtype, []), 0)).toHaveLength(0);
    }
  });

  test("names the diagonal entry and the length that stop it", () => {
    expect(() => invertTriangular(new Float32Array([0, 1, 0, 1]), 2, { upper: true })).toThrow(
      new NumericalError(
        "invertTriangular: diagonal entry 0 of a [2×2] float32 matrix is 0, so there is no inverse; add damping",
      ),
    );
    expect(() => invertTriangular(new Float32Array(3), 2)).toThrow(
      new RangeError("invertTriangular: l has 3 elements, [2×2] needs 4"),
    );
  });
});

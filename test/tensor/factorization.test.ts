import fc from "fast-check";
import { eye, tensor, zeros } from "../../src/tensor/create.js";
import { NumericalError } from "../../src/tensor/errors.js";
import { cholesky, invertSpd, solveTriangular, symmetricEigen } from "../../src/tensor/factorization.js";
import { anyNumber, lay, operand, runs, type Laid } from "../support/arbitraries.js";
import { places } from "../support/backends.js";
import "../support/matchers.js";
import { at, build, evaluate, plain, plainOf, product, transposed, type Plain } from "../support/plain.js";

const sizes = fc.constantFrom(0, 1, 2, 3, 5, 7, 13, 31);

/** Well-conditioned symmetric positive definite matrices, I + MMᵀ/64n; their elements are exact in float32. */
const spd: fc.Arbitrary<Laid> = sizes.chain((n) =>
  operand([n, n]).map((m) => {
    const square = product(m, m, { transposeB: true });
    return {
      ...build([n, n], ([i, j]) => Math.fround(at(square, [i, j]) / (64 * n)) + (i === j ? 1 : 0)),
      layout: m.layout,
    };
  }),
);

const identityOf = (a: Plain) => build(a.shape, ([i, j]) => (i === j ? 1 : 0));
const isLower = ([i, j]: number[]) => i >= j;
const part = (a: Plain, inside: (index: number[]) => boolean, outside: number) =>
  build(a.shape, (index) => (inside(index) ? at(a, index) : outside));
const onTop = (x: Plain, magnitude: number): Plain => ({ ...x, magnitudes: x.values.map(() => magnitude) });

describe.each(places)("factorisations, $name", (place) => {
  /** Errors grow with n and with the condition number, both small here. */
  const tolerance = 64 * place.tolerance;

  test("cholesky gives a lower L with A = LLᵀ and a positive diagonal, from A's lower triangle alone", async () => {
    await fc.assert(
      fc.asyncProperty(spd, async (a) => {
        const L = await evaluate(() => cholesky(lay({ ...part(a, isLower, NaN), layout: a.layout }, place)));
        expect(L).toBePlain(part(L, isLower, 0));
        L.values.forEach((value, flat) => {
          if (flat % (L.shape[0] + 1) === 0) expect(value).toBeGreaterThan(0);
        });
        expect(product(L, L, { transposeB: true })).toBeCloseToPlain(onTop(a, 2), tolerance);
      }),
      runs,
    );
  });

  test("invertSpd gives A·A⁻¹ = I, exactly symmetric, from A's lower triangle alone", async () => {
    await fc.assert(
      fc.asyncProperty(spd, async (a) => {
        const inverse = await evaluate(() => invertSpd(lay({ ...part(a, isLower, NaN), layout: a.layout }, place)));
        expect(inverse).toBePlain(transposed(inverse));
        expect(product(a, inverse)).toBeCloseToPlain(onTop(identityOf(a), 1), tolerance);
      }),
      runs,
    );
  });

  test.each([false, true].flatMap((upper) => [false, true].map((transpose) => ({ upper, transpose }))))(
    "solveTriangular gives op(L)·X = B, reading one triangle: %p",
    async (triangle) => {
      const cases = spd.chain((l) =>
        fc.record({
          l: fc.constant(l),
          b: fc.constantFrom(0, 1, 2, 5).chain((k) => operand([l.shape[0], k], anyNumber)),
        }),
      );
      const inside = ([i, j]: number[]) => (triangle.upper ? j >= i : i >= j);
      await fc.assert(
        fc.asyncProperty(cases, async ({ l, b }) => {
          const x = await evaluate(() =>
            solveTriangular(lay({ ...part(l, inside, NaN), layout: l.layout }, place), lay(b, place), triangle),
          );
          const M = part(l, inside, 0);
          expect(product(M, x, { transposeA: triangle.transpose })).toBeCloseToPlain(onTop(b, 16), tolerance);
        }),
        runs,
      );
    },
  );

  test("symmetricEigen gives A = Q diag(values) Qᵀ with ascending values and orthonormal columns", async () => {
    await fc.assert(
      fc.asyncProperty(spd, async (a) => {
        const { values, vectors } = symmetricEigen(lay(a, place));
        const [lambda, Q] = [await plainOf(values), await plainOf(vectors)];
        expect([...lambda.values]).toEqual([...lambda.values].sort((p, q) => p - q));
        expect(product(Q, Q, { transposeA: true })).toBeCloseToPlain(onTop(identityOf(a), 1), tolerance);
        const scaled = build(Q.shape, ([i, j]) => at(Q, [i, j]) * at(lambda, [j]));
        expect(product(scaled, Q, { transposeB: true })).toBeCloseToPlain(onTop(a, 4), tolerance);
      }),
      runs,
    );
  });

  test("matrices that are no matrices, not square, or do not fit are refused with their shapes", () => {
    const wide = zeros([2, 3], place);
    expect(() => cholesky(wide)).toThrow(new RangeError("cholesky: [2×3] is not square"));
    expect(() => invertSpd(wide)).toThrow(new RangeError("invertSpd: [2×3] is not square"));
    expect(() => symmetricEigen(wide)).toThrow(new RangeError("symmetricEigen: [2×3] is not square"));
    expect(() => solveTriangular(wide, wide)).toThrow(new RangeError("solveTriangular: [2×3] is not square"));
    expect(() => cholesky(zeros([4], place))).toThrow("cholesky: [4] is not a matrix; reshape it to two axes");
    expect(() => solveTriangular(eye(3, place), wide)).toThrow(
      new RangeError("solveTriangular: L is [3×3], but B is [2×3]; rows must agree"),
    );
    expect(() => solveTriangular(eye(3, place), zeros([3], place))).toThrow("solveTriangular: [3] is not a matrix");
  });

  /** Numerical failures surface at the call, or at the read where a backend's results are pending. */
  const failure = async (run: () => Parameters<typeof plainOf>[0]): Promise<unknown> =>
    evaluate(run).then(
      () => undefined,
      (error: unknown) => error,
    );

  test("a pivot that is not positive is a NumericalError that names it and the remedy", async () => {
    for (const [name, run] of Object.entries({ cholesky, invertSpd })) {
      const error = await failure(() => run(tensor([[4, 0], [2, 1]], place))); // prettier-ignore
      expect(error).toBeInstanceOf(NumericalError);
      expect((error as Error).message).toContain(`${name}: pivot 1 of a [2×2] ${place.dtype} matrix is 0, not positive; add damping`); // prettier-ignore
    }
  });

  test("what is not finite is a NumericalError that names the entry", async () => {
    for (const [name, run] of Object.entries({
      cholesky,
      invertSpd,
      symmetricEigen: (a: ReturnType<typeof eye>) => symmetricEigen(a).values,
    })) {
      const error = await failure(() => run(tensor([[1, 0], [Infinity, 1]], place))); // prettier-ignore
      expect(error).toBeInstanceOf(NumericalError);
      expect((error as Error).message).toContain(`${name}: entry (1, 0) of a [2×2] ${place.dtype} matrix is Infinity`);
    }
  });

  test("a zero on the diagonal is a NumericalError that names its place", async () => {
    const error = await failure(() => solveTriangular(tensor([[1, 0], [5, 0]], place), eye(2, place))); // prettier-ignore
    expect(error).toBeInstanceOf(NumericalError);
    expect((error as Error).message).toContain(
      `solveTriangular: diagonal entry 1 of a [2×2] ${place.dtype} matrix is 0`,
    );
  });

  test("an asymmetric matrix has no symmetric eigendecomposition: a RangeError with both entries", async () => {
    const error = await failure(() => symmetricEigen(tensor([[1, 2], [3, 1]], place)).values); // prettier-ignore
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toContain("entries (1, 0) = 3 and (0, 1) = 2");
  });

  test("empty matrices have empty factors", async () => {
    expect(await evaluate(() => cholesky(zeros([0, 0], place)))).toBePlain(plain([0, 0], []));
    expect(await evaluate(() => invertSpd(zeros([0, 0], place)))).toBePlain(plain([0, 0], []));
  });
});

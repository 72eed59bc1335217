import fc from "fast-check";
import { tensor, zeros } from "../../src/tensor/create.js";
import { dot, gram, matmul } from "../../src/tensor/products.js";
import { anyInteger, anyNumber, lay, lengths, operand, runs, shapes } from "../support/arbitraries.js";
import { places } from "../support/backends.js";
import "../support/matchers.js";
import { at, build, buildSums, evaluate, plain, product, transposed } from "../support/plain.js";

/** Sizes around the tiles of kernels, beside those that are nothing, one or prime. */
const sizes = fc.oneof(lengths, fc.constantFrom(4, 8, 13, 16, 17, 33));

describe.each(places)("products, $name", (place) => {
  const { tolerance } = place;

  test("matmul is Σ aᵢₖ bₖⱼ, with either operand read transposed", async () => {
    const cases = fc
      .record({ m: sizes, k: sizes, n: sizes, transposeA: fc.boolean(), transposeB: fc.boolean() })
      .chain(({ m, k, n, ...transposes }) =>
        fc.record({
          transposes: fc.constant(transposes),
          a: operand(transposes.transposeA ? [k, m] : [m, k], anyNumber),
          b: operand(transposes.transposeB ? [n, k] : [k, n], anyNumber),
        }),
      );
    await fc.assert(
      fc.asyncProperty(cases, async ({ a, b, transposes }) => {
        const y = await evaluate(() => matmul(lay(a, place), lay(b, place), transposes));
        expect(y).toBeCloseToPlain(product(a, b, transposes), tolerance);
      }),
      { ...runs, numRuns: 100 },
    );
  });

  test("matmul of small integers is exact", async () => {
    const cases = fc.record({ a: operand([17, 13], anyInteger), b: operand([13, 7], anyInteger) });
    await fc.assert(
      fc.asyncProperty(cases, async ({ a, b }) => {
        expect(await evaluate(() => matmul(lay(a, place), lay(b, place)))).toBePlain(product(a, b));
      }),
      { ...runs, numRuns: 10 },
    );
  });

  test("a NaN or an infinity reaches its whole row and column, even against zeros", async () => {
    const a = plain([2, 2], [NaN, 0, 1, Infinity]);
    const b = plain([2, 2], [1, 2, 0, 1]);
    const y = await evaluate(() => matmul(tensor([[NaN, 0], [1, Infinity]], place), tensor([[1, 2], [0, 1]], place))); // prettier-ignore
    expect(y).toBePlain(product(a, b));
    expect(y).toBePlain(plain([2, 2], [NaN, NaN, NaN, Infinity]));
  });

  test("gram is β·C + w·XᵀY", async () => {
    const cases = fc
      .record({
        m: sizes,
        p: sizes,
        q: sizes,
        weight: fc.constantFrom(undefined, 0.25, -2, 0),
        beta: fc.constantFrom(0, 0.95, 1),
      }) // prettier-ignore
      .chain(({ m, p, q, weight, beta }) =>
        fc.record({
          x: operand([m, p], anyNumber),
          y: operand([m, q], anyNumber),
          c: operand([p, q], anyNumber),
          factors: fc.constant({ ...(weight !== undefined && { weight }), beta }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(cases, async ({ x, y, c, factors }) => {
        const { weight = 1, beta } = factors;
        const expected = buildSums([x.shape[1], y.shape[1]], ([i, j]) => [
          ...(beta === 0 ? [] : [beta * at(c, [i, j])]),
          ...Array.from({ length: x.shape[0] }, (_, k) => weight * at(x, [k, i]) * at(y, [k, j])),
        ]);
        const actual = await evaluate(() => gram(lay(x, place), { y: lay(y, place), c: lay(c, place), ...factors }));
        expect(actual).toBeCloseToPlain(expected, tolerance);
      }),
      runs,
    );
  });

  test("gram of X alone is β·C + w·XᵀX, exactly symmetric, and reads the lower triangle of C", async () => {
    const cases = fc
      .record({ m: sizes, p: sizes })
      .chain(({ m, p }) => fc.record({ x: operand([m, p], anyNumber), c: operand([p, p], anyNumber) }));
    await fc.assert(
      fc.asyncProperty(cases, async ({ x, c }) => {
        const p = x.shape[1];
        const lower = { ...c, values: c.values.map((value, flat) => (flat % p > Math.floor(flat / p) ? NaN : value)) };
        const expected = buildSums([p, p], ([i, j]) => [
          0.5 * at(lower, [Math.max(i, j), Math.min(i, j)]),
          ...Array.from({ length: x.shape[0] }, (_, k) => 0.25 * at(x, [k, i]) * at(x, [k, j])),
        ]);
        const y = await evaluate(() => gram(lay(x, place), { c: lay(lower, place), weight: 0.25, beta: 0.5 }));
        expect(y).toBeCloseToPlain(expected, tolerance);
        expect(y).toBePlain(transposed(y));
        const withItself = await evaluate(() => {
          const t = lay(x, place);
          return gram(t, { y: t, weight: 0.25, beta: 0.5, c: lay(lower, place) });
        });
        expect(withItself).toBePlain(y);
      }),
      runs,
    );
  });

  test("where β is 0, C is not read at all", async () => {
    const c = build([2, 2], () => NaN);
    const y = await evaluate(() =>
      gram(tensor([[1, 2]], place), { c: lay({ ...c, layout: "whole" }, place), beta: 0 }),
    );
    expect(y).toBePlain(plain([2, 2], [1, 2, 2, 4]));
  });

  test("dot is Σ aᵢbᵢ over tensors of any one shape", async () => {
    const cases = shapes.chain((shape) => fc.record({ a: operand(shape, anyNumber), b: operand(shape, anyNumber) }));
    await fc.assert(
      fc.asyncProperty(cases, async ({ a, b }) => {
        const y = await evaluate(() => dot(lay(a, place), lay(b, place)));
        expect(y).toBeCloseToPlain(
          buildSums([], () => [...a.values].map((value, i) => value * b.values[i])),
          tolerance,
        );
      }),
      runs,
    );
  });

  test("operands that are no matrices, or do not fit, are refused with their shapes", () => {
    const [a, b] = [zeros([3, 4], place), zeros([5, 2], place)];
    expect(() => matmul(a, b)).toThrow(new RangeError("matmul: inner sizes differ in [3×4] · [5×2]"));
    expect(() => matmul(a, b, { transposeA: true })).toThrow(
      new RangeError("matmul: inner sizes differ in [4×3] · [5×2] (after transposing)"),
    );
    expect(() => matmul(a, zeros([4], place))).toThrow(
      new RangeError("matmul: [4] is not a matrix; reshape it to two axes"),
    );
    expect(() => matmul(zeros([], place), a)).toThrow("matmul: [] is not a matrix");
    expect(() => gram(a, { y: b })).toThrow(new RangeError("gram: X [3×4] and Y [5×2] differ in rows"));
    expect(() => gram(a, { beta: 0.5 })).toThrow(new RangeError("gram: beta is 0.5, but there is no C to add; pass c"));
    expect(() => gram(a, { beta: 0.5, c: b })).toThrow(new RangeError("gram: C is [5×2], but XᵀY is [4×4]"));
    expect(() => gram(zeros([4], place))).toThrow("gram: [4] is not a matrix");
    expect(() => dot(a, b)).toThrow(new RangeError("dot: shapes [3×4] and [5×2] differ"));
  });
});

test("products of two dtypes are refused", () => {
  const [a, b] = [zeros([2, 2]), zeros([2, 2], { dtype: "float64" })];
  for (const run of [() => matmul(a, b), () => gram(a, { y: b }), () => gram(a, { c: b, beta: 1 }), () => dot(a, b)])
    expect(run).toThrow(/dtypes float32 and float64 differ/);
});

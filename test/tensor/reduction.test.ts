import fc from "fast-check";
import { tensor, zeros } from "../../src/tensor/create.js";
import { argmax, max, sum } from "../../src/tensor/reduction.js";
import type { Axes } from "../../src/tensor/shape.js";
import { anyFloat, anyInteger, anyNumber, fullShapes, lay, operand, runs, shapes } from "../support/arbitraries.js";
import { places } from "../support/backends.js";
import "../support/matchers.js";
import { at, build, buildSums, evaluate, indices, plain, scalar, vector, type Plain } from "../support/plain.js";

/** A shape with some of its axes, named in any order and from either end, or left out for all of them. */
function withAxes(of: fc.Arbitrary<number[]>): fc.Arbitrary<{ shape: number[]; axes: Axes | undefined }> {
  return of.chain((shape) => {
    const all = shape.map((_, axis) => axis);
    const named = fc
      .tuple(fc.shuffledSubarray(all), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
      .map(([axes, negative]): Axes | undefined => axes.map((axis) => (negative[axis] ? axis - shape.length : axis)));
    return fc.record({ shape: fc.constant(shape), axes: fc.oneof(named, fc.constant(undefined)) });
  });
}

/** What stands along the reduced axes, for every element of the result. */
function groups(
  x: Plain,
  axes: Axes | undefined,
  keepAxes: boolean,
): { shape: number[]; along: (index: number[]) => number[] } {
  const rank = x.shape.length;
  const named = axes === undefined ? x.shape.map((_, axis) => axis) : [axes].flat().map((axis) => (axis + rank) % rank);
  const kept = x.shape.map((length, axis) => (named.includes(axis) ? 1 : length));
  const inner = x.shape.map((length, axis) => (named.includes(axis) ? length : 1));
  const shape = keepAxes ? kept : kept.filter((_, axis) => !named.includes(axis));
  return {
    shape,
    along: (index) => {
      const own = index.values();
      const full = keepAxes ? index : kept.map((_, axis) => (named.includes(axis) ? 0 : Number(own.next().value)));
      return indices(inner).map((offset) =>
        at(
          x,
          full.map((i, axis) => i + offset[axis]),
        ),
      );
    },
  };
}

describe.each(places)("reductions, $name", (place) => {
  test("sum adds up along any axes, none of them, or all, and 0 over nothing", async () => {
    const cases = withAxes(shapes).chain(({ shape, axes }) =>
      fc.record({ x: operand(shape, anyNumber), axes: fc.constant(axes), keepAxes: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ x, axes, keepAxes }) => {
        const { shape, along } = groups(x, axes, keepAxes);
        const y = await evaluate(() => sum(lay(x, place), axes, { keepAxes }));
        expect(y).toBeCloseToPlain(buildSums(shape, along), place.tolerance);
      }),
      runs,
    );
  });

  test("max is the largest along any axes, NaN where one is NaN", async () => {
    const cases = withAxes(fullShapes).chain(({ shape, axes }) =>
      fc.record({ x: operand(shape, anyFloat), axes: fc.constant(axes), keepAxes: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ x, axes, keepAxes }) => {
        const { shape, along } = groups(x, axes, keepAxes);
        const largest = (values: number[]) =>
          values.some(Number.isNaN) ? NaN : values.reduce((p, q) => (q > p ? q : p));
        const y = await evaluate(() => max(lay(x, place), axes, { keepAxes }));
        expect(y).toBePlain(build(shape, (index) => largest(along(index))));
      }),
      runs,
    );
  });

  test("argmax is the first index of the largest along one axis", async () => {
    const cases = fullShapes
      .filter((shape) => shape.length > 0)
      .chain((shape) =>
        fc.record({ x: operand(shape, anyInteger), axis: fc.integer({ min: -shape.length, max: shape.length - 1 }) }),
      );
    await fc.assert(
      fc.asyncProperty(cases, async ({ x, axis }) => {
        const { shape, along } = groups(x, axis, false);
        const first = (values: number[]) => values.findIndex((value) => values.every((other) => other <= value));
        const y = await evaluate(() => argmax(lay(x, place), axis));
        expect(y).toBePlain(build(shape, (index) => first(along(index))));
      }),
      runs,
    );
  });

  test("argmax and max agree on ties, infinities and negative numbers", async () => {
    const rows = [
      [-3, -1, -1, -2],
      [-Infinity, -Infinity, -Infinity, -Infinity],
      [1, Infinity, 2, Infinity],
    ];
    expect(await evaluate(() => argmax(tensor(rows, place), 1))).toBePlain(vector(1, 0, 1));
    expect(await evaluate(() => max(tensor(rows, place), 1))).toBePlain(vector(-1, -Infinity, Infinity));
  });

  test("a sum of many float32 numbers does not drift", async () => {
    const n = 100_000;
    const y = await evaluate(() => sum(tensor(new Float32Array(n).fill(0.1), place)));
    expect(y).toBeCloseToPlain(scalar(n * Math.fround(0.1)), place.tolerance);
  });

  test("infinities of two signs add to NaN", async () => {
    expect(await evaluate(() => sum(tensor([[Infinity, -Infinity], [Infinity, 1], [NaN, 0]], place), 1))).toBePlain(vector(NaN, Infinity, NaN)); // prettier-ignore
  });

  test("a sum over no elements is 0; a maximum over none is refused with the axes and the shape", async () => {
    expect(await evaluate(() => sum(zeros([2, 0, 3], place), 1))).toBePlain(plain([2, 3], [0, 0, 0, 0, 0, 0]));
    expect(() => max(zeros([2, 0], place), [0, 1])).toThrow(
      new RangeError("max: no elements along axes [0, 1] of [2×0]"),
    );
    expect(() => argmax(zeros([2, 0], place), 1)).toThrow("argmax: no elements along axes [1] of [2×0]");
  });

  test("axes that do not exist, or are named twice, are refused", () => {
    const x = zeros([2, 3], place);
    expect(() => sum(x, 2)).toThrow(new RangeError("sum: axis 2 does not exist in [2×3]"));
    expect(() => max(x, [0, -3])).toThrow("max: axis -3 does not exist in [2×3]");
    expect(() => sum(x, 0.5)).toThrow("sum: axis 0.5 does not exist in [2×3]");
    expect(() => argmax(x, NaN)).toThrow("argmax: axis NaN does not exist in [2×3]");
    expect(() => sum(x, [1, -1])).toThrow(new RangeError("sum: axes [1, -1] of [2×3] name one axis twice"));
  });
});

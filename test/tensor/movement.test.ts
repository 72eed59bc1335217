import fc from "fast-check";
import { eye, tensor, zeros } from "../../src/tensor/create.js";
import {
  broadcastTo,
  concatenate,
  gather,
  leadingRows,
  permute,
  reshape,
  slice,
  transpose,
  type Range,
} from "../../src/tensor/movement.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { anyFloat, broadcasting, fullShapes, lay, lengths, operand, runs, shapes } from "../support/arbitraries.js";
import { places } from "../support/backends.js";
import { countingBackend } from "../support/countingBackend.js";
import "../support/matchers.js";
import { at, build, evaluate, plain, transposed, vector } from "../support/plain.js";

/** A part of an axis, often all of it, sometimes none of it. */
const rangeOf = (length: number): fc.Arbitrary<Range> =>
  fc.oneof(
    fc.constant(null),
    fc.tuple(fc.nat({ max: length }), fc.nat({ max: length })).map(([p, q]): Range => [Math.min(p, q), Math.max(p, q)]),
  );

const whole = (axes: number): Range[] => new Array<null>(axes).fill(null);

describe.each(places)("movement, $name", (place) => {
  test("reshape keeps the elements in order, and infers one length", async () => {
    const cases = fullShapes.chain((shape) => fc.record({ x: operand(shape, anyFloat), seed: fc.nat() }));
    await fc.assert(
      fc.asyncProperty(cases, async ({ x, seed }) => {
        const { length } = x.values;
        const divisors = Array.from({ length }, (_, i) => i + 1).filter((d) => length % d === 0);
        const rows = divisors[seed % divisors.length];
        const shape = [rows, 1, length / rows];
        expect(await evaluate(() => reshape(lay(x, place), shape))).toBePlain({ ...x, shape });
        for (const unknown of [0, 1, 2]) {
          const asked = shape.map((known, axis) => (axis === unknown ? -1 : known));
          expect(await evaluate(() => reshape(lay(x, place), asked))).toBePlain({ ...x, shape });
        }
      }),
      runs,
    );
  });

  test("permute makes axis axes[i] the axis i", async () => {
    const cases = shapes.chain((shape) =>
      fc.record({
        x: operand(shape, anyFloat),
        axes: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ x, axes }) => {
        const expected = build(
          axes.map((axis) => x.shape[axis]),
          (index) => at(x, x.shape.map((_, axis) => index[axes.indexOf(axis)])), // prettier-ignore
        );
        expect(await evaluate(() => permute(lay(x, place), axes))).toBePlain(expected);
        expect(await evaluate(() => transpose(lay(x, place)))).toBePlain(transposed(x));
      }),
      runs,
    );
  });

  test("broadcastTo repeats elements along axes of length 1 and missing ones", async () => {
    const cases = broadcasting(2).chain(({ shape, operands }) =>
      fc.record({ shape: fc.constant(shape), x: operand(operands[1], anyFloat) }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ shape, x }) => {
        expect(await evaluate(() => broadcastTo(lay(x, place), shape))).toBePlain(
          build(shape, (index) => at(x, index)),
        );
      }),
      runs,
    );
  });

  test("slice cuts out any box, and a slice of a slice is the box of the box", async () => {
    const cases = shapes.chain((shape) =>
      fc.record({
        x: operand(shape, anyFloat),
        ranges: fc.tuple(...shape.map(rangeOf)),
        axes: fc.nat({ max: shape.length }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ x, ranges, axes }) => {
        const named = ranges.slice(0, axes);
        const starts = x.shape.map((_, axis) => named[axis]?.[0] ?? 0);
        const ends = x.shape.map((length, axis) => named[axis]?.[1] ?? length);
        const expected = build(
          ends.map((end, axis) => end - starts[axis]),
          (index) => at(x, index.map((i, axis) => i + starts[axis])), // prettier-ignore
        );
        expect(await evaluate(() => slice(lay(x, place), named))).toBePlain(expected);
        const oneByOne = () =>
          named.reduce<Tensor>((y, range, axis) => slice(y, [...whole(axis), range]), lay(x, place));
        expect(await evaluate(oneByOne)).toBePlain(expected);
      }),
      runs,
    );
  });

  test("leadingRows is what slice gives for the first rows", async () => {
    const x = plain([3, 2], [1, 2, 3, 4, 5, 6]);
    expect(await evaluate(() => leadingRows(tensor(x.values, { ...place, shape: [3, 2] }), 2))).toBePlain(plain([2, 2], [1, 2, 3, 4])); // prettier-ignore
  });

  test("concatenate puts operands one after the other along any axis, and slicing takes them apart", async () => {
    const cases = shapes
      .filter((shape) => shape.length > 0)
      .chain((shape) =>
        fc.record({
          shape: fc.constant(shape),
          axis: fc.nat({ max: shape.length - 1 }),
          parts: fc.array(lengths, { minLength: 1, maxLength: 4 }),
        }),
      )
      .chain(({ shape, axis, parts }) =>
        fc.record({
          axis: fc.constant(axis),
          parts: fc.constant(parts),
          xs: fc.tuple(...parts.map((part) => operand(shape.with(axis, part), anyFloat))),
        }),
      );
    await fc.assert(
      fc.asyncProperty(cases, async ({ axis, parts, xs }) => {
        const starts = parts.map((_, i) => parts.slice(0, i).reduce((p, q) => p + q, 0));
        const total = parts.reduce((p, q) => p + q, 0);
        const shape = [...xs[0].shape].with(axis, total);
        const expected = build(shape, (index) => {
          const part = starts.findLastIndex((start, i) => start <= index[axis] && parts[i] > 0);
          return at(xs[part], index.with(axis, index[axis] - starts[part]));
        });
        const joined = () => concatenate(xs.map((x) => lay(x, place)), axis); // prettier-ignore
        expect(await evaluate(joined)).toBePlain(expected);
        for (const [i, x] of xs.entries()) {
          const range: Range = [starts[i], starts[i] + parts[i]];
          expect(await evaluate(() => slice(joined(), [...whole(axis), range]))).toBePlain(x);
        }
      }),
      runs,
    );
  });

  test("gather takes rows in the order of the indices, some twice, some never", async () => {
    const cases = fullShapes
      .filter((shape) => shape.length > 0)
      .chain((shape) =>
        fc.record({ x: operand(shape, anyFloat), rows: fc.array(fc.nat({ max: shape[0] - 1 }), { maxLength: 9 }) }),
      );
    await fc.assert(
      fc.asyncProperty(cases, async ({ x, rows }) => {
        const expected = build([rows.length, ...x.shape.slice(1)], ([i, ...rest]) => at(x, [rows[i], ...rest]));
        expect(await evaluate(() => gather(lay(x, place), Uint32Array.from(rows)))).toBePlain(expected);
      }),
      runs,
    );
  });

  test("gathering no rows gives none", async () => {
    expect(await evaluate(() => gather(zeros([3, 2], place), []))).toBePlain(plain([0, 2], []));
  });

  test("an operation's own result can be moved again", async () => {
    expect(await evaluate(() => reshape(slice(transpose(eye(3, place)), [null, [1, 2]]), [3]))).toBePlain(
      vector(0, 1, 0),
    );
  });
});

describe("movement without copies", () => {
  test("reshape, whole slices, leading and later rows, identical permutations and equal shapes share storage", () => {
    const backend = countingBackend();
    const x = zeros([4, 3], { backend });
    const views = [reshape(x, [2, 6]), slice(x, [null, [0, 3]]), slice(x, [[1, 3]]), leadingRows(x, 2), permute(x, [0, 1]), broadcastTo(x, [4, 3])]; // prettier-ignore
    expect(views.map((view) => view.storage)).toEqual(views.map(() => x.storage));
    expect(backend.made).toBe(1);
  });

  test("a backend without views gets a copy instead", async () => {
    const backend = { ...countingBackend(), views: false };
    const x = tensor([1, 2, 3, 4], { backend, shape: [4] });
    const rows = slice(x, [[1, 3]]);
    expect(rows.offset).toBe(0);
    expect(await evaluate(() => slice(x, [[1, 3]]))).toBePlain(vector(2, 3));
  });
});

describe("what movement refuses", () => {
  const x = zeros([2, 3]);

  test("reshape: shapes with another number of elements, two unknowns, or lengths that are no lengths", () => {
    expect(() => reshape(x, [4])).toThrow(new RangeError("reshape: [2×3] has 6 elements, which do not fit [4]"));
    expect(() => reshape(x, [-1, -1])).toThrow("which do not fit [-1×-1]");
    expect(() => reshape(x, [-2, -3])).toThrow("which do not fit [-2×-3]");
    expect(() => reshape(x, [4, -1])).toThrow("which do not fit [4×-1]");
    expect(() => reshape(x, [1.5, 4])).toThrow("which do not fit [1.5×4]");
    expect(() => reshape(zeros([0]), [0, -1])).toThrow("which do not fit [0×-1]");
  });

  test("permute: axes that are no permutation", () => {
    expect(() => permute(x, [0, 0])).toThrow(
      new RangeError("transpose: [0, 0] is no permutation of the axes of [2×3]"),
    );
    expect(() => transpose(x, [0])).toThrow("transpose: [0] is no permutation of the axes of [2×3]");
    expect(() => transpose(x, [1, 2])).toThrow("no permutation");
  });

  test("broadcastTo: shapes that x does not stretch to", () => {
    expect(() => broadcastTo(x, [2, 4])).toThrow("broadcastTo: [2×3] and [2×4] do not broadcast");
    expect(() => broadcastTo(x, [3])).toThrow(new RangeError("broadcastTo: [2×3] does not stretch to [3]"));
    expect(() => broadcastTo(x, [1, 3])).toThrow("broadcastTo: [2×3] does not stretch to [1×3]");
  });

  test("slice: ranges that leave their axis, run backwards, are no integers, or are too many", () => {
    expect(() => slice(x, [[0, 3]])).toThrow(new RangeError("slice: [0, 3) leaves axis 0 of [2×3]"));
    expect(() => slice(x, [null, [-1, 2]])).toThrow("slice: [-1, 2) leaves axis 1 of [2×3]");
    expect(() => slice(x, [null, [2, 1]])).toThrow("slice: [2, 1) leaves axis 1 of [2×3]");
    expect(() => slice(x, [[0, 1.5]])).toThrow("leaves axis 0");
    expect(() => slice(x, [[0, NaN]])).toThrow("leaves axis 0");
    expect(() => slice(x, [null, null, null])).toThrow(new RangeError("slice: 3 ranges for the 2 axes of [2×3]"));
    expect(() => leadingRows(x, 3)).toThrow("slice: [0, 3) leaves axis 0 of [2×3]");
  });

  test("concatenate: nothing, axes that do not exist, and operands that differ off the axis", () => {
    expect(() => concatenate([])).toThrow(TypeError);
    expect(() => concatenate([x], 2)).toThrow(new RangeError("concatenate: axis 2 does not exist in [2×3]"));
    expect(() => concatenate([x], -1)).toThrow("concatenate: axis -1 does not exist in [2×3]");
    expect(() => concatenate([x, zeros([2, 4])])).toThrow(
      new RangeError("concatenate: [2×3] and [2×4] differ off axis 0"),
    );
    expect(() => concatenate([x, zeros([2])], 1)).toThrow("concatenate: [2×3] and [2] differ off axis 1");
  });

  test("gather: a scalar, and rows that do not exist", () => {
    expect(() => gather(zeros([]), [0])).toThrow(new RangeError("gather: a scalar has no rows"));
    expect(() => gather(x, [0, 2])).toThrow(new RangeError("gather: row 2 does not exist in [2×3]"));
    expect(() => gather(x, [-1])).toThrow("gather: row -1 does not exist in [2×3]");
    expect(() => gather(x, [0.5])).toThrow("gather: row 0.5 does not exist in [2×3]");
  });
});

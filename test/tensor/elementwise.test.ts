import fc from "fast-check";
import { zeros, tensor } from "../../src/tensor/create.js";
import type { BinaryOperation, UnaryOperation } from "../../src/tensor/backend.js";
import { binary, unary, where } from "../../src/tensor/elementwise.js";
import { anyFloat, anyNumber, broadcasting, lay, operand, runs, shapes } from "../support/arbitraries.js";
import { places } from "../support/backends.js";
import { countingBackend } from "../support/countingBackend.js";
import "../support/matchers.js";
import { at, build, evaluate, vector, type Plain } from "../support/plain.js";

const unaryReferences: Record<UnaryOperation, (x: number) => number> = {
  negative: (x) => 0 - x,
  abs: (x) => (x < 0 ? -x : x),
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x),
  reciprocal: (x) => 1 / x,
  square: (x) => x * x,
  sqrt: (x) => Math.sqrt(x),
  exp: (x) => Math.exp(x),
  log: (x) => Math.log(x),
  tanh: (x) => Math.tanh(x),
  sigmoid: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  softplus: (x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))),
  relu: (x) => (x <= 0 ? 0 : x),
};

const binaryReferences: Record<BinaryOperation, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => Math.pow(a, b),
  maximum: (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? NaN : a > b ? a : b),
  minimum: (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? NaN : a < b ? a : b),
  equal: (a, b) => (a === b ? 1 : 0),
  notEqual: (a, b) => (a === b ? 0 : 1),
  greater: (a, b) => (a > b ? 1 : 0),
  greaterEqual: (a, b) => (a > b || a === b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a < b || a === b ? 1 : 0),
};

/** Differences of numbers are sums: their error is relative to |a| + |b|. Powers amplify the error of the exponent. */
function magnitude(operation: BinaryOperation, a: number, b: number, result: number): number {
  if (operation === "pow") return Math.abs(result) * (1 + Math.abs(b * Math.log(Math.abs(a) || 1)));
  return operation === "add" || operation === "sub" ? Math.abs(a) + Math.abs(b) : Math.abs(result);
}

function zipped(operation: BinaryOperation, shape: readonly number[], a: Plain, b: Plain): Plain {
  const f = binaryReferences[operation];
  const result = build(shape, (index) => f(at(a, index), at(b, index)));
  const { values } = build(shape, (index) =>
    magnitude(operation, at(a, index), at(b, index), f(at(a, index), at(b, index))),
  );
  return { ...result, magnitudes: values };
}

const unaryOperations = Object.keys(unaryReferences) as UnaryOperation[];
const binaryOperations = Object.keys(binaryReferences) as BinaryOperation[];

describe.each(places)("elementwise operations, $name", (place) => {
  const { tolerance } = place;

  test.each(unaryOperations)("%s maps every element, and what is not finite as IEEE says", async (operation) => {
    const cases = shapes.chain((shape) => operand(shape, anyFloat));
    await fc.assert(
      fc.asyncProperty(cases, async (x) => {
        const y = await evaluate(() => unary(operation, lay(x, place)));
        expect(y).toBeCloseToPlain(
          build(x.shape, (index) => unaryReferences[operation](at(x, index))),
          tolerance,
        );
      }),
      runs,
    );
  });

  test.each(binaryOperations)("%s joins operands that broadcast either way", async (operation) => {
    const cases = broadcasting(2).chain(({ shape, operands: [a, b] }) =>
      fc.record({ shape: fc.constant(shape), a: operand(a, anyFloat), b: operand(b, anyFloat), swap: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ shape, a, b, swap }) => {
        const [p, q] = swap ? [b, a] : [a, b];
        const y = await evaluate(() => binary(operation, lay(p, place), lay(q, place)));
        expect(y).toBeCloseToPlain(zipped(operation, shape, p, q), tolerance);
      }),
      runs,
    );
  });

  test.each(binaryOperations)(
    "%s takes a number on either side as a constant of the tensor's dtype",
    async (operation) => {
      const cases = shapes.chain((shape) =>
        fc.record({ x: operand(shape), number: fc.constantFrom(-1.5, 0, 1, 2.5, NaN, Infinity), left: fc.boolean() }),
      );
      await fc.assert(
        fc.asyncProperty(cases, async ({ x, number, left }) => {
          const c = { shape: [], values: Float64Array.of(number) };
          const y = await evaluate(() => {
            const t = lay(x, place);
            return left ? binary(operation, number, t) : binary(operation, t, number);
          });
          expect(y).toBeCloseToPlain(
            left ? zipped(operation, x.shape, c, x) : zipped(operation, x.shape, x, c),
            tolerance,
          );
        }),
        runs,
      );
    },
  );

  test("a number is rounded to the dtype before it is compared", async () => {
    const y = await evaluate(() => binary("equal", tensor([0.1, 0.25], place), 0.1));
    expect(y).toBePlain(vector(1, 0));
    expect(await evaluate(() => binary("greater", 0.1, tensor([0.1], place)))).toBePlain(vector(0));
  });

  test("where chooses by the condition's elements, all three operands broadcasting", async () => {
    const cases = broadcasting(3).chain(({ shape, operands }) =>
      fc.record({
        shape: fc.constant(shape),
        xs: fc.tuple(operand(operands[0], anyFloat), operand(operands[1], anyFloat), operand(operands[2], anyFloat)),
        turn: fc.nat({ max: 2 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ shape, xs, turn }) => {
        const [c, a, b] = [xs[turn], xs[(turn + 1) % 3], xs[(turn + 2) % 3]];
        const y = await evaluate(() => where(lay(c, place), lay(a, place), lay(b, place)));
        expect(y).toBePlain(build(shape, (index) => (at(c, index) === 0 ? at(b, index) : at(a, index))));
      }),
      runs,
    );
  });

  test("where takes numbers for either value, and NaN counts as true", async () => {
    const c = [0, 1, NaN, -0];
    expect(await evaluate(() => where(tensor(c, place), 5, tensor([1, 2, 3, 4], place)))).toBePlain(vector(1, 5, 5, 4));
    expect(await evaluate(() => where(tensor(c, place), tensor([1, 2, 3, 4], place), 7))).toBePlain(vector(7, 2, 3, 7));
    expect(await evaluate(() => where(tensor(c, place), 5, 7))).toBePlain(vector(7, 5, 5, 7));
  });

  test("large arguments neither overflow sigmoid, softplus and tanh nor lose their limits", async () => {
    const x = [-1000, -80, 80, 1000];
    const at1000 = (operation: UnaryOperation) => evaluate(() => unary(operation, tensor(x, place)));
    expect(await at1000("sigmoid")).toBeCloseToPlain(vector(0, Math.exp(-80), 1, 1), tolerance);
    expect(await at1000("softplus")).toBeCloseToPlain(vector(0, Math.exp(-80), 80, 1000), tolerance);
    expect(await at1000("tanh")).toBeCloseToPlain(vector(-1, -1, 1, 1), tolerance);
  });

  test("operands are never written to", async () => {
    const cases = shapes.chain((shape) => operand(shape, anyNumber));
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(...unaryOperations), async (x, operation) => {
        const after = await evaluate(() => {
          const t = lay(x, place);
          unary(operation, t);
          binary("sub", t, t);
          binary("mul", t, 3);
          return t;
        });
        expect(after).toBePlain(x);
      }),
      runs,
    );
  });

  test("shapes that do not broadcast are refused with both shapes and both lengths", () => {
    const [a, b] = [zeros([2, 3], place), zeros([2, 4], place)];
    expect(() => binary("add", a, b)).toThrow(
      new RangeError("add: [2×3] and [2×4] do not broadcast: lengths 3 and 4 differ and neither is 1"),
    );
    expect(() => where(a, b, 0)).toThrow("where: [2×3] and [2×4] do not broadcast");
    expect(() => where(a, a, b)).toThrow("where: [2×3] and [2×4] do not broadcast");
    expect(() => binary("add", zeros([0], place), zeros([2], place))).toThrow("lengths 0 and 2 differ");
  });
});

test("operands of two dtypes are refused with both and the remedy", () => {
  const [a, b] = [zeros([2]), zeros([2], { dtype: "float64" })];
  expect(() => binary("mul", a, b)).toThrow(
    new TypeError("mul: dtypes float32 and float64 differ; convert one with to(t, { dtype })"),
  );
  expect(() => where(a, b, 0)).toThrow("where: dtypes float32 and float64 differ");
});

test("operands on two backends are refused with both and the remedy", () => {
  const [a, b] = [zeros([2]), zeros([2], { backend: countingBackend() })];
  expect(() => binary("mul", a, b)).toThrow(
    new TypeError(`mul: tensors on ${a.backend.name} and counting; move one with to(t, { backend })`),
  );
});

test("two numbers, and what is no tensor, are refused", () => {
  expect(() => binary("add", 1, 2)).toThrow(new TypeError("add: needs a tensor; all operands are numbers"));
  expect(() => binary("add", zeros([2]), [1, 2] as never)).toThrow(
    new TypeError("add: 1,2 is not a tensor; make one with tensor(values)"),
  );
});

import { epsilon, random, roundings, type Dtype, type Kernels } from "./modules.js";

// Jest looks a global up anew wherever one is named, at a cost that shows in loops.
const { abs, exp, log, log1p, max } = Math;

const { is } = Object;

const sigma = (x: number) => (x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)));

/** A result, and the sum of the magnitudes that it was added up from. */
type Expected = [value: number, magnitude: number];

/** The operations by their number, a row at a time and in double precision. */
const operations = [
  { name: "sigmoid cross-entropy", of: sigmoidLoss },
  { name: "its gradient", of: (z: number[], t: number[], g: number) => differences(z.map(sigma), t, g) },
  { name: "softmax cross-entropy", of: softmaxLoss },
  { name: "its gradient (softmax)", of: (z: number[], t: number[], g: number) => differences(softmax(z), t, g) },
  // z − z_max is rounded: an error of ε|ln p| p
  { name: "softmax", of: (z: number[]) => softmax(z).map((p): Expected => [p, p * (1 + abs(log(p)))]) },
];
const isLoss = (operation: number) => operation % 2 === 0 && operation < 4;

function sigmoidLoss(z: number[], t: number[]): Expected[] {
  const terms = z.flatMap((zc, c) => [max(zc, 0) - t[c] * zc, log1p(exp(-abs(zc)))]);
  return [[sum(terms), sum(z.map((zc, c) => abs(max(zc, 0)) + abs(t[c] * zc) + log1p(exp(-abs(zc)))))]];
}

function softmaxLoss(z: number[], t: number[]): Expected[] {
  const most = max(...z);
  const products = z.map((zc, c) => t[c] * zc);
  const logSum = log(sum(z.map((zc) => exp(zc - most))));
  const value = most - sum(products) + (abs(most) === Infinity ? 0 : logSum);
  return [[value, abs(most) + sum(products.map(abs)) + logSum]];
}

function softmax(z: number[]): number[] {
  const most = max(...z);
  const e = z.map((zc) => exp(zc - most));
  const total = abs(most) === Infinity ? 1 : sum(e);
  return e.map((ec) => ec / total);
}

const differences = (p: number[], t: number[], g: number) =>
  p.map((pc, c): Expected => [g * (pc - t[c]), abs(g) * (abs(pc) + abs(t[c]))]);

/** A sum by halves, whose error grows with the logarithm of the length. */
function sum(terms: number[], from = 0, to = terms.length): number {
  if (to - from < 4) return terms.slice(from, to).reduce((total, term) => total + term, 0);
  const middle = (from + to) >> 1;
  return sum(terms, from, middle) + sum(terms, middle, to);
}

/** All results of an operation; what lies behind them must not have been written. */
function compute(kernels: Kernels, dtype: Dtype, operation: number, rows: number, classes: number, of: Float64Array[]) {
  kernels.free();
  const [z, t, g] = of.map((values) => kernels.put(dtype, values));
  const length = isLoss(operation) ? rows : rows * classes;
  const out = kernels.put(dtype, new Float64Array(length + 1).fill(7));
  kernels.call(`crossEntropy_${dtype}`, 0, operation, rows, classes, z, t, g, out, kernels.reserve(64));
  const result = kernels.get(dtype, out, length + 1);
  expect(result[length]).toBe(7);
  return result.subarray(0, length);
}

/** What the rows should give, one after the other. */
function expected(operation: number, rows: number, classes: number, [z, t, g]: Float64Array[]): Expected[] {
  return Array.from({ length: rows }).flatMap((_, r) => {
    const row = (x: Float64Array) => [...x.subarray(r * classes, (r + 1) * classes)];
    return operations[operation].of(row(z), row(t), g[r]);
  });
}

/** Fails where a result is off by more than a few ε of its magnitude, or by a denormal number. */
function check(dtype: Dtype, actual: Float64Array, wanted: Expected[], epsilons = 6) {
  expect(actual).toHaveLength(wanted.length);
  const tiny = dtype === "f32" ? 2 ** -126 : 2 ** -1022;
  wanted.forEach(([value, magnitude], i) => {
    const error = abs(actual[i] - value);
    if (!(error <= epsilons * epsilon[dtype] * magnitude || is(actual[i], value) || error <= tiny))
      throw new Error(`element ${i} is ${actual[i]}, not ${value}: ${error / magnitude / epsilon[dtype]} ε off`);
  });
}

const shapes = [[0, 3], [1, 1], [3, 2], [7, 3], [5, 4], [13, 5], [2, 127], [3, 128], [2, 131], [1, 401], [101, 17], [2, 17_001]]; // prettier-ignore

describe.each(roundings)("$dtype of $name:", ({ kernels, dtype }) => {
  describe.each(operations.map(({ name }, operation) => ({ name, operation })))("$name", ({ operation }) => {
    test.each(shapes)("of [%i, %i] is right to the last digits, at any scale of the logits", (rows, classes) => {
      const next = random(rows + classes, dtype);
      for (const scale of [1e-3, 1, 30, 1000]) {
        const operands = [next(rows * classes).map((x) => x * scale), next(rows * classes).map(abs), next(rows)];
        if (dtype === "f32") for (const x of operands) x.set(new Float32Array(x));
        check(dtype, compute(kernels, dtype, operation, rows, classes, operands), expected(operation, rows, classes, operands)); // prettier-ignore
      }
    });

    test("of zeros, infinities and NaN is what the formula says, wherever in a row they stand", () => {
      const values = [Infinity, -Infinity, NaN, 0, -0];
      const classes = 7;
      const rows = values.flatMap((value) => Array.from({ length: classes }, (_, at) => ({ value, at })));
      const z = Float64Array.from(rows.flatMap(({ value, at }) => [1, 2, 3, -4, 5, 6, 7].with(at, value)));
      for (const target of [0, 1, 0.5]) {
        const operands = [z, z.map(() => target), new Float64Array(rows.length).fill(2)];
        check(dtype, compute(kernels, dtype, operation, rows.length, classes, operands), expected(operation, rows.length, classes, operands)); // prettier-ignore
      }
    });
  });

  test("of rows that are infinite throughout, softmax and its cross-entropy are NaN, and of no classes the sigmoid's is 0", () => {
    const z = Float64Array.from([-Infinity, -Infinity, Infinity, Infinity]);
    const operands = [z, new Float64Array(4).fill(0.5), Float64Array.of(1, 1)];
    for (const operation of [2, 3, 4])
      expect(compute(kernels, dtype, operation, 2, 2, operands).every(Number.isNaN)).toBe(true);
    expect([...compute(kernels, dtype, 0, 2, 0, operands)]).toEqual([0, 0]);
  });

  test("confident and right, the cross-entropies keep their digits: nothing is lost to the large logits", () => {
    const operands = [Float64Array.of(30, -20), Float64Array.of(1, 0), Float64Array.of(1)];
    const losses = [0, 2].map((operation) => compute(kernels, dtype, operation, 1, 2, operands)[0]);
    const exact = [log1p(exp(-30)) + log1p(exp(-20)), exp(-50)];
    expect(abs(losses[0] - exact[0])).toBeLessThanOrEqual(4 * epsilon[dtype] * exact[0]);
    expect(abs(losses[1] - exact[1])).toBeLessThanOrEqual(2 ** -52);
  });
});

import { epsilon, random, roundings, type Dtype, type Kernels } from "./modules.js";

// Jest looks a global up anew wherever one is named, at a cost that shows in loops.
const { abs, exp, floor, fround, imul, log1p, log2, max, min, round } = Math;
const { isFinite, isNaN } = Number;

const sigma = (x: number) => (x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)));
const softplus = (x: number) => max(x, 0) + log1p(exp(-abs(x)));

/** Every operation in the order of its number, in double precision. */
const operations: [name: string, f: (a: number, b: number, c: number) => number][] = [
  ["negative", (a) => -a],
  ["abs", abs],
  ["sign", Math.sign],
  ["reciprocal", (a) => 1 / a],
  ["square", (a) => a * a],
  ["sqrt", Math.sqrt],
  ["exp", exp],
  ["log", Math.log],
  ["tanh", Math.tanh],
  ["sigmoid", sigma],
  ["softplus", softplus],
  ["relu", (a) => (a < 0 ? 0 : a)],
  ["add", (a, b) => a + b],
  ["sub", (a, b) => a - b],
  ["mul", (a, b) => a * b],
  ["div", (a, b) => a / b],
  ["maximum", (a, b) => max(a, b)],
  ["minimum", (a, b) => min(a, b)],
  ["equal", (a, b) => Number(a === b)],
  ["notEqual", (a, b) => Number(a !== b)],
  ["greater", (a, b) => Number(a > b)],
  ["greaterEqual", (a, b) => Number(a >= b)],
  ["less", (a, b) => Number(a < b)],
  ["lessEqual", (a, b) => Number(a <= b)],
  ["select", (a, b, c) => (a !== 0 ? b : c)],
];
const SELECT = 24;
const numberOf = (name: string) => operations.findIndex(([other]) => other === name);

/** |x − y| in units in the last place of y; infinite where one is a number, infinite or NaN and the other is not. */
function ulps(dtype: Dtype, x: number, y: number): number {
  const rounded = dtype === "f32" ? fround(y) : y;
  if (Object.is(x, rounded) || x === rounded) return 0;
  const [bits, least, greatest] = dtype === "f32" ? [23, -126, 127] : [52, -1022, 1023];
  // a result that rounds to infinity may also be the greatest number, and the other way round
  if (!isFinite(x) && !(abs(x) === Infinity && abs(y) > 0.999999 * 2 ** greatest * 2)) return Infinity;
  if (isNaN(rounded)) return Infinity;
  const exponent = min(greatest, max(least, floor(log2(abs(y)))));
  return abs((isFinite(x) ? x : y) - y) / 2 ** (exponent - bits);
}

/** What the kernels promise; float64 is compared with Math, which is itself off by as much as one. */
const limit = { f32: 2, f64: 3 };

type Operand = [values: Float64Array, rowStride: number, columnStride: number];

function map(kernels: Kernels, dtype: Dtype, operation: number, rows: number, columns: number, operands: Operand[]) {
  kernels.free();
  const args = operands.flatMap(([values, row, column]) => [kernels.put(dtype, values), row, column]);
  const out = kernels.put(dtype, new Float64Array(rows * columns + 1).fill(7));
  kernels.call(`map_${dtype}`, 0, operation, rows, columns, ...args, out, kernels.reserve(64));
  const result = kernels.get(dtype, out, rows * columns + 1);
  expect(result[rows * columns]).toBe(7);
  return result.subarray(0, rows * columns);
}

/** An operation of one operand, over a flat array. */
function apply(kernels: Kernels, dtype: Dtype, name: string, x: Float64Array) {
  return map(kernels, dtype, numberOf(name), 1, x.length, [
    [x, 0, 1],
    [x, 0, 0],
    [x, 0, 0],
  ]);
}

describe.each(roundings)("elementwise $dtype of $name", ({ kernels, dtype }) => {
  test.each(operations.map(([name, f], operation) => ({ name, f, operation })))(
    "$name broadcasts scalars, rows and columns",
    ({ f, operation }) => {
      for (const [rows, columns] of [
        [0, 3],
        [1, 1],
        [1, 7],
        [3, 2],
        [5, 9],
        [2, 17000],
        [300, 101],
      ]) {
        const next = random(rows + columns, dtype);
        const shapes: [number, number, number][] = [
          [rows * columns, columns, 1],
          [columns, 0, 1],
          [rows, 1, 0],
          [1, 0, 0],
        ];
        for (let trial = 0; trial < 4; trial++) {
          const operands = [0, 1, 2].map((k): Operand => {
            const [length, row, column] = shapes[(trial + k * (trial + 1)) % 4];
            // halves make equal operands common
            return [next(max(length, 1)).map((x, i) => (i % 3 === 0 ? round(2 * x) / 2 : x)), row, column];
          });
          const result = map(kernels, dtype, operation, rows, columns, operands);
          for (let e = 0; e < rows * columns; e += rows * columns > 2000 ? 37 : 1) {
            const [i, j] = [floor(e / columns), e % columns];
            const [a, b, c] = operands.map(([values, row, column]) => values[i * row + j * column]);
            const want = f(a, b, c);
            if (!(ulps(dtype, result[e], want) <= limit[dtype]))
              throw new Error(`f(${String([a, b, c])}) = ${String(result[e])}, not ${String(want)}`);
          }
        }
      }
    },
  );

  test.each(operations.slice(0, SELECT))("%s of zeros, infinities and NaN is as IEEE says", (name, f) => {
    const values = [0, -0, 1, -1, Infinity, -Infinity, NaN];
    const pairs = values.flatMap((a) => values.map((b) => [a, b]));
    const [a, b] = [0, 1].map((k) => Float64Array.from(pairs, (pair) => pair[k]));
    const result = map(kernels, dtype, numberOf(name), 1, a.length, [
      [a, 0, 1],
      [b, 0, 1],
      [a, 0, 0],
    ]);
    const wanted = pairs.map(([p, q]) => f(p, q, 0));
    // toEqual tells −0 from 0
    const rounded = result.map((y, i) => (ulps(dtype, y, wanted[i]) <= 1 ? wanted[i] : y));
    expect(Array.from(rounded, (y, i) => (y === 0 ? result[i] : y))).toEqual(wanted);
  });

  test.each(["exp", "log", "tanh", "sigmoid", "softplus", "relu", "sqrt"])(
    "%s is right to the last digits everywhere",
    (name) => {
      const [, f] = operations[numberOf(name)];
      for (let block = 0; block < 16; block++) {
        const x = block === 0 ? edges(dtype) : sweep(dtype, block);
        apply(kernels, dtype, name, x).forEach((y, i) => {
          const error = ulps(dtype, y, f(x[i], 0, 0));
          if (!(error <= limit[dtype])) throw new Error(`${name}(${x[i]}) = ${y}, ${error} ulp from ${f(x[i], 0, 0)}`);
        });
      }
    },
  );

  test("1 − tanh² and σ·(1 − σ) are derivatives to 2ε", () => {
    const x = Float64Array.from({ length: 40_001 }, (_, i) => (i - 20_000) / 1024);
    const [t, s] = ["tanh", "sigmoid"].map((name) => apply(kernels, dtype, name, x));
    const most = { tanh: 0, sigmoid: 0 };
    x.forEach((xi, i) => {
      const e = exp(-abs(xi));
      most.tanh = max(most.tanh, abs(1 - t[i] ** 2 - ((2 * e) / (1 + e * e)) ** 2));
      most.sigmoid = max(most.sigmoid, abs(s[i] * (1 - s[i]) - e / (1 + e) ** 2));
    });
    expect(most.tanh).toBeLessThanOrEqual(4 * epsilon[dtype]);
    expect(most.sigmoid).toBeLessThanOrEqual(4 * epsilon[dtype]);
  });
});

/** Arguments where results overflow, vanish or become denormal, in the dtype. */
function edges(dtype: Dtype): Float64Array {
  const tiny = [0, -0, 5e-324, 1e-45, 1e-40, 2.3e-308, -1e-40, 1e-8, -1e-20];
  const huge = [Infinity, -Infinity, NaN, 1e38, 3.4e38, -3.4e38, 1e308, -1e308];
  const ends = [88.72283, 88.73, 709.78, 709.79, -87.4, -103.97, -103.98, -708.5, -745.13, -745.14];
  const x = Float64Array.from([...tiny, ...huge, ...ends]);
  return dtype === "f32" ? x.map(fround) : x;
}

/** Numbers over the whole range: for f32 a sixteenth part of a stride through all bit patterns, for f64 uniform and log-uniform ones. */
function sweep(dtype: Dtype, block: number): Float64Array {
  const count = 20_000;
  if (dtype === "f32") {
    const patterns = Uint32Array.from({ length: count }, (_, i) => imul(block * count + i, 14_317));
    return Float64Array.from(new Float32Array(patterns.buffer));
  }
  const next = random(block);
  const [u, v] = [next(count), next(count)];
  return u.map((x, i) => (block % 3 === 0 ? x * 750 : block % 3 === 1 ? x * 3 : x * 2 ** (1070 * v[i])));
}

import { cases, modules, random, type Dtype, type Kernels } from "./modules.js";

/** Every operation in the order of its number, in double precision. */
const sigma = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const operations: [name: string, f: (a: number, b: number, c: number) => number][] = [
  ["copy", (a) => a],
  ["negate", (a) => -a],
  ["absolute", Math.abs],
  ["square root", Math.sqrt],
  ["square", (a) => a * a],
  ["reciprocal", (a) => 1 / a],
  ["exp", Math.exp],
  ["log", Math.log],
  ["tanh", Math.tanh],
  ["sigmoid", sigma],
  ["softplus", softplus],
  ["relu", (a) => (a < 0 ? 0 : a)],
  ["sign", (a) => (a > 0 ? 1 : a < 0 ? -1 : 0)],
  ["floor", Math.floor],
  ["add", (a, b) => a + b],
  ["subtract", (a, b) => a - b],
  ["multiply", (a, b) => a * b],
  ["divide", (a, b) => a / b],
  ["maximum", Math.max],
  ["minimum", Math.min],
  ["equal", (a, b) => Number(a === b)],
  ["unequal", (a, b) => Number(a !== b)],
  ["less", (a, b) => Number(a < b)],
  ["less or equal", (a, b) => Number(a <= b)],
  ["greater", (a, b) => Number(a > b)],
  ["greater or equal", (a, b) => Number(a >= b)],
  ["gradient of tanh", (a, b) => b * (1 - a * a)],
  ["gradient of sigmoid", (a, b) => b * (a * (1 - a))],
  ["gradient of relu", (a, b) => (a > 0 ? b : 0)],
  ["select", (a, b, c) => (a !== 0 ? b : c)],
  ["multiply and add", (a, b, c) => a + b * c],
];
const numberOf = (name: string) => operations.findIndex(([other]) => other === name);

/** |x − y| in units in the last place of y; infinite where one is a number, infinite or NaN and the other is not. */
function ulps(dtype: Dtype, x: number, y: number): number {
  const rounded = dtype === "f32" ? Math.fround(y) : y;
  if (Object.is(x, rounded) || x === rounded) return 0;
  const [bits, least, greatest] = dtype === "f32" ? [23, -126, 127] : [52, -1022, 1023];
  // a result that rounds to infinity may also be the greatest number, and the other way round
  if (!Number.isFinite(x) && !(Math.abs(x) === Infinity && Math.abs(y) > 0.999999 * 2 ** greatest * 2)) return Infinity;
  if (Number.isNaN(rounded)) return Infinity;
  const exponent = Math.min(greatest, Math.max(least, Math.floor(Math.log2(Math.abs(y)))));
  return Math.abs((Number.isFinite(x) ? x : y) - y) / 2 ** (exponent - bits);
}

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

describe.each(cases)("elementwise $dtype of $name", ({ kernels, dtype }) => {
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
            return [next(Math.max(length, 1)).map((x, i) => (i % 3 === 0 ? Math.round(2 * x) / 2 : x)), row, column];
          });
          const result = map(kernels, dtype, operation, rows, columns, operands);
          for (let e = 0; e < rows * columns; e += rows * columns > 2000 ? 37 : 1) {
            const [i, j] = [Math.floor(e / columns), e % columns];
            const [a, b, c] = operands.map(([values, row, column]) => values[i * row + j * column]);
            const want = f(a, b, c);
            const cancelling = ["multiply and add", "gradient of tanh", "gradient of sigmoid"].includes(
              operations[operation][0],
            );
            const error = ulps(dtype, result[e], want);
            if (!(error <= 3 || (cancelling && Math.abs(result[e] - want) <= 4 * 2 ** (dtype === "f32" ? -24 : -53)))) {
              throw new Error(`f(${String([a, b, c])}) = ${String(result[e])}, not ${String(want)}`);
            }
          }
        }
      }
    },
  );

  test.each(["exp", "log", "tanh", "sigmoid", "softplus", "relu", "square root"])(
    "%s is right to the last digits everywhere",
    (name) => {
      const [, f] = operations[numberOf(name)];
      const specials = [
        0,
        -0,
        Infinity,
        -Infinity,
        NaN,
        5e-324,
        1e-45,
        1e-40,
        2.3e-308,
        1e38,
        3.4e38,
        -3.4e38,
        1e308,
        -1e308,
        88.72283,
        88.73,
        709.78,
        709.79,
        -103.97,
        -103.98,
        -745.13,
        -745.14,
      ];
      const limit = dtype === "f32" ? 2 : 3;
      for (let block = 0; block < 16; block++) {
        const inputs = block === 0 ? Float64Array.from(specials) : sweep(dtype, block);
        const x = dtype === "f32" ? inputs.map(Math.fround) : inputs;
        const result = map(kernels, dtype, numberOf(name), 1, x.length, [
          [x, 0, 1],
          [x, 0, 0],
          [x, 0, 0],
        ]);
        x.forEach((input, i) => {
          const error = ulps(dtype, result[i], f(input, 0, 0));
          if (!(error <= limit)) {
            throw new Error(
              `${name}(${String(input)}) = ${String(result[i])}, ${String(error)} ulp from ${String(f(input, 0, 0))}`,
            );
          }
        });
      }
    },
  );
});

/** Numbers over the whole range: for f32 a sixteenth part of a stride through all bit patterns, for f64 uniform and log-uniform ones. */
function sweep(dtype: Dtype, block: number): Float64Array {
  const count = 20_000;
  if (dtype === "f32") {
    const patterns = Uint32Array.from({ length: count }, (_, i) => Math.imul(block * count + i, 14_317));
    return Float64Array.from(new Float32Array(patterns.buffer));
  }
  const next = random(block);
  const [u, v] = [next(count), next(count)];
  return u.map((x, i) => (block % 3 === 0 ? x * 750 : block % 3 === 1 ? x * 3 : x * 2 ** (1070 * v[i])));
}

test("modules agree to 4 ulp", () => {
  const x = sweep("f64", 4);
  for (const dtype of ["f32", "f64"] as const) {
    const inputs = dtype === "f32" ? x.map(Math.fround) : x;
    for (const name of ["exp", "tanh", "sigmoid", "softplus"]) {
      const results = modules.map((kernels) =>
        map(kernels, dtype, numberOf(name), 1, x.length, [
          [inputs, 0, 1],
          [inputs, 0, 0],
          [inputs, 0, 0],
        ]),
      );
      for (const other of results.slice(1)) {
        expect(Math.max(...other.map((y, i) => ulps(dtype, y, results[0][i])))).toBeLessThanOrEqual(4);
      }
    }
  }
});

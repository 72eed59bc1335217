import { bytesOf, cases, distance, epsilon, random } from "./modules.js";

const shapes = [
  [1, 0, 1],
  [1, 1, 1],
  [3, 7, 1],
  [5, 64, 1],
  [2, 1001, 1],
  [1, 9, 3],
  [1, 33, 17],
  [3, 5, 7],
  [4, 2, 8],
  [0, 3, 2],
];

describe.each(cases)("reductions $dtype of $name", ({ kernels, dtype }) => {
  const eps = epsilon[dtype];
  const rounded = (x: number) => (dtype === "f32" ? Math.fround(x) : x);

  test.each(shapes)("sum, maximum and argmax over the middle of [%i, %i, %i]", (outer, length, inner) => {
    kernels.free();
    const X = random(outer + length, dtype)(outer * length * inner);
    const x = kernels.put(dtype, X);
    const out = kernels.reserve(outer * inner * 8 + 8);
    const read = (name: string) => {
      kernels.call(`${name}_${dtype}`, outer, length, inner, x, out);
      return kernels.get(dtype, out, outer * inner);
    };
    const [sums, maxima] = [read("sum"), read("maximum")];
    kernels.call(`argmax_${dtype}`, outer, length, inner, x, out);
    const places = Array.from(new Int32Array(kernels.memory.buffer, out, outer * inner));
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const line = Array.from({ length }, (_, l) => X[(o * length + l) * inner + i]);
        const sum = line.reduce((total, value) => total + value, 0);
        const most = Math.max(...line);
        expect(Math.abs(sums[o * inner + i] - sum)).toBeLessThanOrEqual(
          eps * (dtype === "f32" ? Math.abs(sum) : 4 + length),
        );
        expect(maxima[o * inner + i]).toBe(most);
        expect(places[o * inner + i]).toBe(Math.max(0, line.indexOf(most)));
      }
    }
  });

  test("maximum and argmax find a NaN, and argmax the first of equals", () => {
    for (const at of [0, 3, 4, 8]) {
      kernels.free();
      const X = new Float64Array(9).fill(1);
      X[at] = NaN;
      const [x, ones, out] = [kernels.put(dtype, X), kernels.put(dtype, [0, 1, 1, 0, 1]), kernels.reserve(8)];
      kernels.call(`maximum_${dtype}`, 1, 9, 1, x, out);
      expect(kernels.get(dtype, out, 1)[0]).toBeNaN();
      kernels.call(`argmax_${dtype}`, 1, 9, 1, x, out);
      expect(new Int32Array(kernels.memory.buffer, out, 1)[0]).toBe(at);
      kernels.call(`argmax_${dtype}`, 1, 5, 1, ones, out);
      expect(new Int32Array(kernels.memory.buffer, out, 1)[0]).toBe(1);
    }
  });

  test.each([0, 1, 2, 3, 4, 7, 8, 100, 1003])("dot and rowDots of length %i", (n) => {
    kernels.free();
    const [X, Y] = [random(n, dtype)(3 * n), random(n + 1, dtype)(3 * n)];
    const [x, y, out] = [kernels.put(dtype, X), kernels.put(dtype, Y), kernels.reserve(24)];
    const want = [0, 1, 2].map((r) => X.subarray(r * n, (r + 1) * n).reduce((sum, v, i) => sum + v * Y[r * n + i], 0));
    expect(Math.abs(kernels.call(`dot_${dtype}`, n, x, y) - want[0])).toBeLessThanOrEqual(2 ** -53 * (n + 1));
    kernels.call(`rowDots_${dtype}`, 3, n, x, y, out);
    expect(distance(kernels.get(dtype, out, 3), want.map(rounded))).toBeLessThanOrEqual(2 ** -52 * (n + 1));
  });

  test.each([1, 2, 3, 5, 8, 10, 103])("softmax and logSumExp of rows of %i", (n) => {
    kernels.free();
    const X = random(n, dtype)(4 * n).map((x) => rounded(100 * x));
    X.fill(rounded(1e30), n, 2 * n); // a large constant row
    X.fill(-Infinity, 2 * n, 3 * n - 1); // one finite entry
    const [x, out, logs] = [kernels.put(dtype, X), kernels.reserve(8 * 4 * n), kernels.reserve(32)];
    kernels.call(`logSumExp_${dtype}`, 4, n, x, logs);
    kernels.call(`softmax_${dtype}`, 4, n, x, out);
    const [P, L] = [kernels.get(dtype, out, 4 * n), kernels.get(dtype, logs, 4)];
    for (let r = 0; r < 4; r++) {
      const row = X.subarray(r * n, (r + 1) * n);
      const most = Math.max(...row);
      const terms = row.map((v) => Math.exp(v - most));
      const total = terms.reduce((a, b) => a + b, 0);
      expect(
        distance(
          P.subarray(r * n, (r + 1) * n),
          terms.map((e) => e / total),
        ),
      ).toBeLessThanOrEqual(8 * eps);
      const want = most + Math.log(total);
      expect(Math.abs(L[r] - want)).toBeLessThanOrEqual(2 * eps * Math.abs(want) + eps);
    }
  });

  test("logSumExp of infinities is infinite", () => {
    kernels.free();
    const x = kernels.put(dtype, [-Infinity, -Infinity, 1, Infinity]);
    const out = kernels.reserve(16);
    kernels.call(`logSumExp_${dtype}`, 2, 2, x, out);
    expect(Array.from(kernels.get(dtype, out, 2))).toEqual([-Infinity, Infinity]);
  });
});

describe.each(cases)("movement $dtype of $name", ({ kernels, dtype }) => {
  test.each([
    [0, 4],
    [1, 1],
    [1, 9],
    [5, 3],
    [16, 16],
    [37, 50],
    [64, 19],
  ])("transposes [%i, %i] between rows of any length", (rows, columns) => {
    kernels.free();
    const [fromRow, toRow] = [columns + 2, rows + 1];
    const X = random(rows + columns, dtype)(rows * fromRow);
    const [from, to] = [kernels.put(dtype, X), kernels.put(dtype, new Float64Array(columns * toRow).fill(7))];
    kernels.call(`transpose_${dtype}`, rows, columns, from, fromRow, to, toRow);
    const Y = kernels.get(dtype, to, columns * toRow);
    Y.forEach((y, e) => {
      const [j, i] = [Math.floor(e / toRow), e % toRow];
      if (y !== (i < rows ? X[i * fromRow + j] : 7)) throw new Error(`wrong at ${String([j, i])}`);
    });
  });

  test("copies rows, strides and constants, and converts", () => {
    kernels.free();
    const X = random(1, dtype)(24);
    const from = kernels.put(dtype, X);
    const to = kernels.put(dtype, new Float64Array(20));
    kernels.call(`fill_${dtype}`, 19, -1.5, to);
    expect(Array.from(kernels.get(dtype, to, 20))).toEqual([...new Array<number>(19).fill(-1.5), 0]);
    kernels.call(`copyRows_${dtype}`, 3, 4, from + bytesOf[dtype], 6, to, 5);
    kernels.call(`copyStrided_${dtype}`, 1, 5, from, 0, 0, to + 15 * bytesOf[dtype], 5);
    const Y = kernels.get(dtype, to, 20);
    for (let e = 0; e < 15; e++) expect(Y[e]).toBe(e % 5 === 4 ? -1.5 : X[Math.floor(e / 5) * 6 + (e % 5) + 1]);
    expect(Array.from(Y.subarray(15))).toEqual(new Array<number>(5).fill(X[0]));
    const doubles = kernels.put("f64", [0.1, -2, 1e300, NaN]);
    const floats = kernels.reserve(16);
    kernels.call("narrow", 4, doubles, floats);
    expect(Array.from(kernels.get("f32", floats, 4))).toEqual([Math.fround(0.1), -2, Infinity, NaN]);
    kernels.call("widen", 4, floats, doubles);
    expect(Array.from(kernels.get("f64", doubles, 4))).toEqual([Math.fround(0.1), -2, Infinity, NaN]);
  });
});

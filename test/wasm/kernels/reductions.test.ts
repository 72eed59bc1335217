import { epsilon, random, roundings } from "./modules.js";

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

describe.each(roundings)("reductions $dtype of $name", ({ kernels, dtype }) => {
  const eps = epsilon[dtype];
  const rounded = (x: number) => (dtype === "f32" ? Math.fround(x) : x);

  test.each(shapes)("sum, maximum and argmax over the middle of [%i, %i, %i]", (outer, length, inner) => {
    kernels.free();
    const X = random(outer + length, dtype)(outer * length * inner);
    const x = kernels.put(dtype, X);
    const out = kernels.reserve(outer * inner * 8 + 8);
    const scratch = kernels.reserve(kernels.call(`sumScratch_${dtype}`, inner));
    const [sums, maxima, places] = ["sum", "maximum", "argmax"].map((name) => {
      if (name === "argmax" && length === 0) return new Float64Array(outer * inner);
      kernels.call(`${name}_${dtype}`, outer, length, inner, x, out, scratch);
      return kernels.get(dtype, out, outer * inner);
    });
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

  test("a maximum over a NaN is NaN, wherever it stands", () => {
    for (const [length, inner] of [
      [70, 1],
      [3, 5],
    ]) {
      for (let at = 0; at < length * inner; at++) {
        kernels.free();
        const X = new Float64Array(length * inner).fill(1);
        X[at] = NaN;
        const [x, out] = [kernels.put(dtype, X), kernels.reserve(8 * inner)];
        kernels.call(`maximum_${dtype}`, 1, length, inner, x, out);
        expect(Array.from(kernels.get(dtype, out, inner), Number.isNaN)).toEqual(
          Array.from({ length: inner }, (_, i) => i === at % inner),
        );
      }
    }
  });

  test("argmax is the first of equals", () => {
    kernels.free();
    const [x, out] = [kernels.put(dtype, [0, 1, 1, 0, 1]), kernels.reserve(8)];
    kernels.call(`argmax_${dtype}`, 1, 5, 1, x, out);
    expect(kernels.get(dtype, out, 1)[0]).toBe(1);
  });

  test.each([0, 1, 2, 3, 4, 7, 8, 100, 1003, 10_000])("dot of length %i adds in double precision", (n) => {
    kernels.free();
    const [X, Y] = [random(n, dtype)(n), random(n + 1, dtype)(n)];
    const [x, y] = [kernels.put(dtype, X), kernels.put(dtype, Y)];
    const want = X.reduce((sum, v, i) => sum + v * Y[i], 0);
    expect(Math.abs(kernels.call(`dot_${dtype}`, n, x, y) - want)).toBeLessThanOrEqual(2 ** -53 * (n + 1));
  });

  test("a long sum of one number loses no digits", () => {
    const n = 1_000_003;
    kernels.free();
    const [x, out] = [kernels.put(dtype, new Float64Array(n).fill(0.1)), kernels.reserve(8)];
    kernels.call(`sum_${dtype}`, 1, n, 1, x, out, 0);
    const want = rounded(0.1) * n;
    expect(Math.abs(kernels.get(dtype, out, 1)[0] - want)).toBeLessThanOrEqual(want * (dtype === "f32" ? eps : 1e-13));
  });
});

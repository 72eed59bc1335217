import fc from "fast-check";
import { matmul } from "../../../src/tensor/linalg/index.js";
import {
  dtypes,
  product,
  randomArray,
  randomIntegers,
  randomNumbers,
  ratio,
  norm,
  transpose,
} from "../../support/matrices.js";

const both = [false, true];
const sizes = [0, 1, 2, 3, 4, 5, 13];

describe("matmul", () => {
  test("on integers equals the sum Σ_k A_ik B_kj exactly, for every size near a tile's edge and every transposition", () => {
    const random = randomNumbers(1);
    for (const dtype of dtypes)
      for (const m of sizes)
        for (const k of sizes)
          for (const n of sizes)
            for (const transposeA of both)
              for (const transposeB of both) {
                const a = randomIntegers(dtype, m * k, random);
                const b = randomIntegers(dtype, k * n, random);
                const opA = transposeA ? transpose(a, k, m) : a;
                const opB = transposeB ? transpose(b, n, k) : b;
                const actual = matmul(a, b, m, k, n, { transposeA, transposeB });
                expect(Array.from(actual)).toEqual(Array.from(product(opA, opB, m, k, n)));
              }
  });

  test("agrees with the triple loop up to roundoff", () => {
    const size = fc.integer({ min: 1, max: 90 });
    fc.assert(
      fc.property(size, size, size, fc.nat(), (m, k, n, seed) => {
        const random = randomNumbers(seed);
        const a = randomArray("float64", m * k, random);
        const b = randomArray("float64", k * n, random);
        const scale = norm(a, k) * norm(b, n);
        const options = { n: k, scale, dtype: "float64" } as const;
        expect(ratio(matmul(a, b, m, k, n), product(a, b, m, k, n), n, options)).toBeLessThan(1);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("in float32 is the float64 product of the same numbers, rounded once", () => {
    const random = randomNumbers(2);
    const a = Float32Array.from({ length: 29 * 101 }, random);
    const b = Float32Array.from({ length: 101 * 31 }, random);
    const wide = matmul(Float64Array.from(a), Float64Array.from(b), 29, 101, 31);
    expect(matmul(a, b, 29, 101, 31)).toEqual(Float32Array.from(wide));
  });

  test("writes into out, whatever it held, and returns it", () => {
    const out = new Float64Array([NaN, NaN]);
    expect(matmul(new Float64Array([1, 2, 3, 4]), new Float64Array([5, 6]), 2, 2, 1, { out })).toBe(out);
    expect(Array.from(out)).toEqual([17, 39]);
    expect(Array.from(matmul(new Float64Array(0), new Float64Array(0), 2, 0, 1, { out }))).toEqual([0, 0]);
  });

  test("passes NaN and infinity on to the entries they belong to, and to no other", () => {
    const a = new Float64Array([1, 2, NaN, 4, 5, Infinity]);
    const result = matmul(a, new Float64Array([1, 1]), 3, 2, 1);
    expect(Array.from(result)).toEqual([3, NaN, Infinity]);
  });

  test("leaves its operands as they were", () => {
    const a = new Float32Array([1, 2, 3, 4]);
    const b = new Float32Array([5, 6, 7, 8]);
    matmul(a, b, 2, 2, 2, { transposeA: true, transposeB: true });
    expect([...a, ...b]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("names the lengths, sizes, types and overlaps that do not fit", () => {
    const four = new Float64Array(4);
    const seven = new Float64Array(7);
    expect(() => matmul(seven, four, 2, 3, 1)).toThrow(new RangeError("matmul: a has 7 elements, [2×3] needs 6"));
    expect(() => matmul(seven, four, 2, 3, 1, { transposeA: true })).toThrow("matmul: a has 7 elements, [3×2] needs 6");
    expect(() => matmul(four, seven, 2, 2, 3)).toThrow(new RangeError("matmul: b has 7 elements, [2×3] needs 6"));
    expect(() => matmul(four, seven, 2, 2, 3, { transposeB: true })).toThrow("matmul: b has 7 elements, [3×2] needs 6");
    expect(() => matmul(four, four, 2, 2, 2, { out: seven })).toThrow("matmul: out has 7 elements, [2×2] needs 4");
    expect(() => matmul(four, four, 2.5, 2, 2)).toThrow("matmul: m is 2.5; sizes are integers of at least 0");
    expect(() => matmul(four, four, 2, -2, 2)).toThrow("matmul: k is −2; sizes are integers of at least 0");
    expect(() => matmul<Float32Array | Float64Array>(four, new Float32Array(4), 2, 2, 2)).toThrow(
      new TypeError("matmul: a is float64 and b is float32; convert one of them"),
    );
    expect(() => matmul(four, new Float64Array(4), 2, 2, 2, { out: four })).toThrow(
      new RangeError("matmul: out shares memory with a; pass an array of its own"),
    );
    const memory = new Float64Array(7);
    expect(() => matmul(four, memory.subarray(0, 4), 2, 2, 2, { out: memory.subarray(3) })).toThrow(
      "matmul: out shares memory with b; pass an array of its own",
    );
    const [front, back] = [memory.subarray(0, 2), memory.subarray(2, 4)];
    expect(() => matmul(front, front, 1, 2, 1, { out: memory.subarray(2, 3) })).not.toThrow();
    expect(() => matmul(back, back, 1, 2, 1, { out: memory.subarray(1, 2) })).not.toThrow();
  });
});

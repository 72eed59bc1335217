import { gram, matmul } from "../../../src/tensor/linalg/index.js";
import { asymmetry, dtypes, randomArray, randomIntegers, randomNumbers } from "../../support/matrices.js";

const sizes = [0, 1, 2, 3, 4, 7, 13];

describe("gram", () => {
  test("without Y is w·XᵀX + β·C, exactly so on integers", () => {
    const random = randomNumbers(1);
    for (const dtype of dtypes)
      for (const rows of sizes)
        for (const columns of sizes) {
          const x = randomIntegers(dtype, rows * columns, random);
          const z = randomIntegers(dtype, columns * columns, random);
          const c = matmul(z, z, columns, columns, columns, { transposeA: true });
          const xx = matmul(x, x, columns, rows, columns, { transposeA: true });
          expect(gram(x, rows, columns)).toEqual(xx);
          expect(gram(x, rows, columns, { weight: 0.25, beta: 0.5, c })).toEqual(
            xx.map((value, at) => 0.25 * value + 0.5 * c[at]),
          );
        }
  });

  test("with Y is w·XᵀY + β·C, exactly so on integers", () => {
    const random = randomNumbers(2);
    for (const dtype of dtypes)
      for (const rows of sizes)
        for (const columns of sizes)
          for (const columnsY of sizes) {
            const x = randomIntegers(dtype, rows * columns, random);
            const y = randomIntegers(dtype, rows * columnsY, random);
            const c = randomIntegers(dtype, columns * columnsY, random);
            const xy = matmul(x, y, columns, rows, columnsY, { transposeA: true });
            expect(gram(x, rows, columns, { y, columnsY })).toEqual(xy);
            expect(gram(x, rows, columns, { y, columnsY, weight: -2, beta: 3, c })).toEqual(
              xy.map((value, at) => -2 * value + 3 * c[at]),
            );
          }
  });

  test("takes Y to have as many columns as X unless told", () => {
    const x = new Float64Array([1, 2, 3, 4]);
    const y = new Float64Array([5, 6, 7, 8]);
    expect(gram(x, 2, 2, { y })).toEqual(matmul(x, y, 2, 2, 2, { transposeA: true }));
  });

  test("without Y is exactly symmetric, even where C is not", () => {
    const random = randomNumbers(3);
    for (const dtype of dtypes)
      for (const n of [1, 5, 24]) {
        const c = randomArray(dtype, n * n, random);
        const result = gram(randomArray(dtype, 17 * n, random), 17, n, { weight: 1 / 17, beta: 0.95, c });
        expect(asymmetry(result, n)).toBe(0);
      }
  });

  test("without Y reads only the lower triangle of C, and none of it where β is 0", () => {
    const x = new Float64Array([1, 2]);
    expect(Array.from(gram(x, 1, 2, { beta: 1, c: new Float64Array([1, NaN, 10, 100]) }))).toEqual([2, 12, 12, 104]);
    expect(Array.from(gram(x, 1, 2, { c: new Float64Array(4).fill(NaN) }))).toEqual([1, 2, 2, 4]);
  });

  test("writes into no operand", () => {
    const x = new Float64Array([1, 2]);
    const c = new Float64Array([1, 2, 3, 4]);
    gram(x, 1, 2, { beta: 0.5, c });
    gram(x, 1, 2, { y: x, beta: 0.5, c });
    expect([...x, ...c]).toEqual([1, 2, 1, 2, 3, 4]);
  });

  test("names the lengths, types and weights that do not fit", () => {
    const x = new Float64Array(6);
    expect(() => gram(x, 2, 2)).toThrow(new RangeError("gram: x has 6 elements, [2×2] needs 4"));
    expect(() => gram(x, 3, 2, { y: x, columnsY: 5 })).toThrow("gram: y has 6 elements, [3×5] needs 15");
    expect(() => gram(x, 3, 2, { beta: 1, c: x })).toThrow("gram: c has 6 elements, [2×2] needs 4");
    expect(() => gram(x, 3, 2, { beta: 0.95 })).toThrow(
      new RangeError("gram: beta is 0.95, but there is no c to multiply; pass c"),
    );
    expect(() => gram(x, 3, -2)).toThrow("gram: columns is −2; sizes are integers of at least 0");
    expect(() => gram<Float32Array | Float64Array>(x, 3, 2, { y: new Float32Array(6) })).toThrow(
      new TypeError("gram: x is float64 and y is float32; convert one of them"),
    );
  });
});

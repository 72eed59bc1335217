import { kron, matmul } from "../../../src/tensor/linalg/index.js";
import { dtypes, randomIntegers, randomNumbers } from "../../support/matrices.js";

describe("kron", () => {
  test("puts A_ij B_pq at row (i, p) and column (j, q)", () => {
    const random = randomNumbers(1);
    for (const dtype of dtypes)
      for (const [m, n, r, s] of [
        [2, 3, 4, 5],
        [1, 4, 3, 1],
        [3, 1, 1, 2],
        [2, 2, 0, 3],
      ]) {
        const a = randomIntegers(dtype, m * n, random);
        const b = randomIntegers(dtype, r * s, random);
        const result = kron(a, m, n, b, r, s);
        expect(result).toHaveLength(m * r * n * s);
        for (let row = 0; row < m * r; row++)
          for (let column = 0; column < n * s; column++)
            expect(result[row * n * s + column]).toBe(
              a[Math.floor(row / r) * n + Math.floor(column / s)] * b[(row % r) * s + (column % s)],
            );
      }
  });

  test("(A ⊗ B)(C ⊗ D) = AC ⊗ BD, exactly on integers", () => {
    const random = randomNumbers(2);
    const a = randomIntegers("float64", 2 * 3, random);
    const b = randomIntegers("float64", 4 * 2, random);
    const c = randomIntegers("float64", 3 * 5, random);
    const d = randomIntegers("float64", 2 * 3, random);
    const productOfKrons = matmul(kron(a, 2, 3, b, 4, 2), kron(c, 3, 5, d, 2, 3), 8, 6, 15);
    const kronOfProducts = kron(matmul(a, c, 2, 3, 5), 2, 5, matmul(b, d, 4, 2, 3), 4, 3);
    // Adding 0 makes −0, the product of 0 and a negative number, equal to 0.
    expect(productOfKrons).toEqual(kronOfProducts.map((value) => value + 0));
  });

  test("names the lengths and types that do not fit", () => {
    const a = new Float32Array(4);
    expect(() => kron(a, 2, 3, a, 2, 2)).toThrow(new RangeError("kron: a has 4 elements, [2×3] needs 6"));
    expect(() => kron(a, 2, 2, a, 5, 1)).toThrow(new RangeError("kron: b has 4 elements, [5×1] needs 5"));
    expect(() => kron<Float32Array | Float64Array>(a, 2, 2, new Float64Array(4), 2, 2)).toThrow(
      new TypeError("kron: a is float32 and b is float64; convert one of them"),
    );
  });
});

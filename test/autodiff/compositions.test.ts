import {
  diagonal, embed, gram, kron, logDeterminant, logSoftmax, logSumExp, mean, norm, outer, softmax, solveSpd, trace, variable,
} from "../../src/autodiff/index.js"; // prettier-ignore
import { tensor, zeros } from "../../src/tensor/create.js";
import { randomTensors } from "../support/randomTensors.js";
import { places } from "../support/backends.js";
import "../support/matchers.js";
import { at, build, buildSums, evaluate, plain, plainOf, product, scalar, vector } from "../support/plain.js";

describe.each(places)("operations composed of others, $name", (place) => {
  const random = randomTensors(8, place);
  const tolerance = 16 * place.tolerance;
  const [a, b, c] = [random([2, 3]), random([2, 4]), random([3, 4])];
  const exponentials = async (axis: number) => {
    const x = await plainOf(a);
    return buildSums([axis === 0 ? 3 : 2], ([i]) =>
      Array.from({ length: axis === 0 ? 2 : 3 }, (_, j) => Math.exp(at(x, axis === 0 ? [j, i] : [i, j]))),
    );
  };

  test("mean is the sum over the number of elements", async () => {
    const x = tensor([[1, 2, 6], [3, 4, 8]], place); // prettier-ignore
    expect(await evaluate(() => mean(x))).toBeCloseToPlain(scalar(4), tolerance);
    expect(await evaluate(() => mean(x, 0))).toBePlain(vector(2, 3, 7));
    expect(await evaluate(() => mean(x, -1, { keepAxes: true }))).toBePlain(plain([2, 1], [3, 5]));
  });

  test("logSumExp, softmax and logSoftmax are what they say, along any axis", async () => {
    const x = await plainOf(a);
    for (const axis of [0, 1]) {
      const sums = await exponentials(axis);
      const total = (index: number[]) => at(sums, [index[1 - axis]]);
      expect(await evaluate(() => logSumExp(a, axis))).toBeCloseToPlain(build(sums.shape, (index) => Math.log(at(sums, index))), tolerance); // prettier-ignore
      expect(await evaluate(() => softmax(a, axis))).toBeCloseToPlain(build(x.shape, (index) => Math.exp(at(x, index)) / total(index)), tolerance); // prettier-ignore
      expect(await evaluate(() => logSoftmax(a, axis))).toBeCloseToPlain(
        buildSums(x.shape, (index) => [at(x, index), -Math.log(total(index))]),
        tolerance,
      );
    }
  });

  test("logSumExp neither overflows nor loses infinities", async () => {
    const rows = [[1000, 1000], [-1000, -1000], [-Infinity, -Infinity], [Infinity, 0], [NaN, 0], [-Infinity, 3]]; // prettier-ignore
    const expected = vector(1000 + Math.log(2), -1000 + Math.log(2), -Infinity, Infinity, NaN, 3);
    expect(await evaluate(() => logSumExp(tensor(rows, place)))).toBeCloseToPlain(expected, tolerance);
    expect(await evaluate(() => softmax(tensor([1000, 1000], place)))).toBeCloseToPlain(vector(0.5, 0.5), 1000 * tolerance); // prettier-ignore
  });

  test("gram of variables is gram of tensors, and refuses the same", async () => {
    const expected = await plainOf(gram(a, { y: b, weight: 0.5, beta: 0.9, c }));
    const composed = await plainOf(gram(variable(a), { y: b, weight: 0.5, beta: 0.9, c: variable(c) }));
    expect(composed).toBeCloseToPlain({ ...expected, magnitudes: new Float64Array(12).fill(2) }, tolerance);
    for (const x of [a, variable(a)]) {
      expect(() => gram(x, { beta: 0.5 })).toThrow("gram: beta is 0.5, but there is no C to add; pass c");
      expect(() => gram(x, { y: c })).toThrow("gram: X [2×3] and Y [3×4] differ in rows");
      expect(() => gram(x, { beta: 0.5, c: b })).toThrow("gram: C is [2×4], but XᵀY is [3×3]");
    }
  });

  test("outer is u vᵀ and kron puts aᵢⱼ B in place (i, j)", async () => {
    const [A, B] = [await plainOf(a), await plainOf(b)];
    const [u, v] = [random([3]), random([2])];
    const [U, V] = [await plainOf(u), await plainOf(v)];
    expect(await evaluate(() => outer(u, v))).toBeCloseToPlain(build([3, 2], ([i, j]) => at(U, [i]) * at(V, [j])), tolerance); // prettier-ignore
    const expected = build([4, 12], ([i, j]) => at(A, [i >> 1, j >> 2]) * at(B, [i % 2, j % 4]));
    expect(await evaluate(() => kron(a, b))).toBeCloseToPlain(expected, tolerance);
  });

  test("norm, diagonal and trace are √Σx², the aᵢᵢ and their sum", async () => {
    const x = tensor([[3, 4], [0, 12]], place); // prettier-ignore
    expect(await evaluate(() => norm(x))).toBeCloseToPlain(scalar(13), tolerance);
    expect(await evaluate(() => diagonal(x))).toBePlain(vector(3, 12));
    expect(await evaluate(() => trace(x))).toBePlain(scalar(15));
  });

  test("solveSpd and logDeterminant are A⁻¹B and log det A", async () => {
    const m = tensor([[4, 2, 0], [2, 5, 1], [0, 1, 3]], place); // prettier-ignore
    const solution = await evaluate(() => solveSpd(m, c));
    const C = await plainOf(c);
    expect(product(await plainOf(m), solution)).toBeCloseToPlain(
      { ...C, magnitudes: C.values.map(() => 8) },
      tolerance,
    );
    expect(await evaluate(() => logDeterminant(m))).toBeCloseToPlain(scalar(Math.log(44)), tolerance);
  });

  test("embed puts a box into zeros", async () => {
    const expected = plain([3, 4], [0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0]);
    expect(await evaluate(() => embed(tensor([[1, 2], [3, 4]], place), [1, 1], [3, 4]))).toBePlain(expected); // prettier-ignore
  });

  test("operands of the wrong shape are refused with it", () => {
    expect(() => mean(zeros([2, 0], place))).toThrow(new RangeError("mean: there are no elements to average"));
    expect(() => outer(a, random([2]))).toThrow(new RangeError("outer: [2×3] and [2] are not two vectors"));
    expect(() => kron(random([2]), a)).toThrow("kron: [2] is not a matrix");
    expect(() => diagonal(a)).toThrow(new RangeError("diagonal: [2×3] is not square"));
    expect(() => trace(a)).toThrow("[2×3] is not square");
    expect(() => logSumExp(zeros([2, 0], place))).toThrow("max: no elements along axes [1] of [2×0]");
  });
});

import { gradients, Variable, variable } from "../../src/autodiff/index.js";
import { add, exp, gather, greater, matmul, mul, square, sum } from "../../src/autodiff/rules/index.js";
import { tensor } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { places } from "../support/backends.js";
import "../support/matchers.js";
import { plain, plainOf, vector } from "../support/plain.js";
import { reference } from "../support/randomTensors.js";

describe.each(places)("gradients, $name", (place) => {
  const of = (...values: number[]) => tensor(values, place);

  test("give dy/dx for every variable asked for, in their order", async () => {
    const [a, b] = [variable(of(1, 2)), variable(of(3, 4))];
    const [gb, ga] = gradients(sum(mul(square(a), b)), [b, a]);
    expect(await plainOf(ga)).toBePlain(vector(6, 16));
    expect(await plainOf(gb)).toBePlain(vector(1, 4));
    expect([ga.dtype, ga.backend]).toEqual([place.dtype, place.backend]);
    expect(ga).not.toBeInstanceOf(Variable);
  });

  test("reach intermediate variables, and both sides of one", async () => {
    const x = variable(of(1, 2));
    const s = square(x);
    const y = sum(square(s));
    const [gs, gx, gy] = gradients(y, [s, x, y]);
    expect(await plainOf(gs)).toBePlain(vector(2, 8));
    expect(await plainOf(gx)).toBePlain(vector(4, 32));
    expect(await plainOf(gy)).toBePlain(plain([], [1]));
  });

  test("of an intermediate variable count all ways from it, and none around it", async () => {
    const x = variable(of(3));
    const s = mul(x, 2);
    const [gs] = gradients(sum(add(mul(s, s), mul(s, x))), [s]);
    expect(await plainOf(gs)).toBePlain(vector(2 * 6 + 3));
  });

  test("add up where a variable is used many times", async () => {
    const x = variable(of(2));
    let y: Tensor = x;
    for (let i = 0; i < 10; i++) y = add(y, y);
    expect(await plainOf(gradients(sum(y), [x])[0])).toBePlain(vector(1024));
  });

  test("are zeros where y does not depend on x, or only through something piecewise constant", async () => {
    const [x, other] = [variable(of(1, 2)), variable(of(5, 6, 7))];
    const [g, zero] = gradients(sum(square(x)), [x, other]);
    expect(await plainOf(g)).toBePlain(vector(2, 4));
    expect(await plainOf(zero)).toBePlain(vector(0, 0, 0));
    expect([zero.dtype, zero.backend]).toEqual([place.dtype, place.backend]);
    expect(await plainOf(gradients(sum(greater(x, 1)), [x])[0])).toBePlain(vector(0, 0));
  });

  test("of the rows of a mean loss are those of each case, divided by their number", async () => {
    const W = variable(tensor([[1, 2], [3, 4]], place)); // prettier-ignore
    const s = matmul(tensor([[1, 0], [0, 1], [1, 1]], place), W); // prettier-ignore
    const loss = mul(sum(square(s)), 1 / 3);
    const [gs] = gradients(loss, [s]);
    expect(await plainOf(mul(gs, 3))).toBeCloseToPlain(plain([3, 2], [2, 4, 6, 8, 8, 12]), place.tolerance);
  });
});

describe("what gradients refuse", () => {
  const x = variable(tensor([1, 2], reference));

  test("a y that is no scalar, with its shape", () => {
    expect(() => gradients(square(x), [x])).toThrow(
      new RangeError("gradients: y has shape [2]; take the gradient of a scalar, or use vjp"),
    );
  });

  test("a constant, with its place and the remedy", () => {
    expect(() => gradients(sum(x), [x, tensor(1)])).toThrow(
      new TypeError("gradients: wrt[1] is a constant; make it with variable(t), and nest grad or variable for higher orders"), // prettier-ignore
    );
  });

  test("variables of two levels, with both", () => {
    const inner = variable(x);
    expect(() => gradients(sum(exp(inner)), [inner, x])).toThrow(
      new TypeError("gradients: wrt[1] belongs to derivative level 1, y to 2; differentiate the inner level first"),
    );
  });
});

test("an array of indices may be written to after gathering", async () => {
  const x = variable(tensor([[1], [2], [3]], reference));
  const indices = Uint32Array.of(0, 1);
  const y = sum(square(gather(x, indices)));
  indices.fill(2);
  expect(await plainOf(gradients(y, [x])[0])).toBePlain(plain([3, 1], [2, 4, 0]));
});

test("a scalar is any tensor of one element", async () => {
  const x = variable(tensor([[3]], reference));
  expect(await plainOf(gradients(square(x), [x])[0])).toBePlain(plain([1, 1], [6]));
});

import { grad, hvp, jacobian, jvp, Variable, vjp } from "../../src/autodiff/index.js";
import { add, dot, exp, matmul, mul, softmax, square, sum, tanh, transpose } from "../../src/autodiff/rules/index.js";
import { ones, readScalar, tensor, zeros } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { places } from "../support/backends.js";
import "../support/matchers.js";
import { at, build, buildSums, plain, plainOf, product, vector, type Plain } from "../support/plain.js";
import { randomTensors, reference } from "../support/randomTensors.js";

/** [2, 3] → [3, 2], no component of which is simple. */
const f = (x: Tensor) => softmax(matmul(transpose(x), exp(tanh(matmul(x, transpose(x))))), 0);
/** The same, in loops. */
function plainF(x: Plain): Plain {
  const inner = product(x, x, { transposeB: true });
  const logits = product(
    x,
    build([2, 2], (index) => Math.exp(Math.tanh(at(inner, index)))),
    { transposeA: true },
  );
  const total = (j: number) => [0, 1, 2].reduce((all, i) => all + Math.exp(at(logits, [i, j])), 0);
  return build([3, 2], ([i, j]) => Math.exp(at(logits, [i, j])) / total(j));
}

describe.each(places)("transforms, $name", (place) => {
  const random = randomTensors(5, place);
  const x = random([2, 3]);
  const tolerance = 32 * place.tolerance;

  test("vjp and jvp return the value that the function has", async () => {
    const expected = plainF(await plainOf(x));
    const results = [vjp(f, x).value, jvp(f, [x], [random([2, 3])]).value];
    for (const value of results) {
      expect(await plainOf(value)).toBeCloseToPlain(expected, tolerance);
      expect(value).not.toBeInstanceOf(Variable);
    }
  });

  test("vjp and jvp are adjoint: ⟨g, Jv⟩ = ⟨Jᵀg, v⟩", async () => {
    const [g, v] = [random([3, 2]), random([2, 3])];
    const forward = await readScalar(dot(g, jvp(f, [x], [v]).tangent));
    const reverse = await readScalar(dot(vjp(f, x).pullback(g)[0], v));
    expect(Math.abs(forward - reverse)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(forward)).toBeGreaterThan(0.01);
  });

  test("they are adjoint over several arguments at once", async () => {
    const several = (a: Tensor, b: Tensor, c: Tensor) => matmul(tanh(matmul(a, b)), add(c, 1));
    const xs = [random([2, 3]), random([3, 4]), random([4, 2])];
    const vs = [random([2, 3]), random([3, 4]), random([4, 2])];
    const g = random([2, 2]);
    const forward = await readScalar(dot(g, jvp(several, xs, vs).tangent));
    const terms = vjp(several, ...xs).pullback(g).map((gx, i) => dot(gx, vs[i])); // prettier-ignore
    expect(Math.abs(forward - (await readScalar(terms.reduce(add))))).toBeLessThanOrEqual(tolerance);
  });

  test("a pullback is linear and can be called again", async () => {
    const { pullback } = vjp(f, x);
    const [g, h] = [random([3, 2]), random([3, 2])];
    const [once] = pullback(add(g, mul(h, 2)));
    const apart = add(pullback(g)[0], mul(pullback(h)[0], 2));
    expect(await plainOf(once)).toBeCloseToPlain({ ...(await plainOf(apart)), magnitudes: new Float64Array(6).fill(1) }, tolerance); // prettier-ignore
    expect(await plainOf(pullback(g)[0])).toBePlain(await plainOf(pullback(g)[0]));
  });

  test("jacobian holds the derivative of every element by every element", async () => {
    // ∂(Σₖ aᵢₖ² xₖⱼ)/∂xₚⱼ = aᵢₚ²
    const a = random([2, 3]);
    const J = await plainOf(jacobian((t) => matmul(square(a), t))(random([3, 2])));
    const A = await plainOf(a);
    expect(J).toBeCloseToPlain(build([2, 2, 3, 2], ([i, j, p, q]) => (j === q ? at(A, [i, p]) ** 2 : 0)), tolerance); // prettier-ignore
  });

  test("hvp is the Hessian times v", async () => {
    const loss = (t: Tensor) => sum(square(f(t)));
    const v = random([2, 3]);
    const H = await plainOf(jacobian(grad(loss))(x));
    const V = await plainOf(v);
    const expected = buildSums([2, 3], ([i, j]) =>
      [0, 1].flatMap((p) => [0, 1, 2].map((q) => at(H, [i, j, p, q]) * at(V, [p, q]))),
    );
    expect(await plainOf(hvp(loss, x, v))).toBeCloseToPlain(expected, 8 * tolerance);
  });

  test("grad gives a tensor for one argument and one for each of several", async () => {
    const one = grad((t) => sum(square(t)))(tensor([1, 2], place));
    expect(await plainOf(one)).toBePlain(vector(2, 4));
    const two = grad((a: Tensor, b: Tensor) => sum(mul(square(a), b)))(tensor([1, 2], place), tensor([3, 4], place));
    expect(await Promise.all(two.map(plainOf))).toEqual([vector(6, 16), vector(1, 4)]);
  });

  test("what does not depend on an argument has derivative 0 there, of the argument's shape", async () => {
    const constant = zeros([2], place);
    const [a, b] = vjp((_, t) => square(t), x, constant).pullback(ones([2], place));
    expect([await plainOf(a), await plainOf(b)]).toEqual([build([2, 3], () => 0), vector(0, 0)]);
    expect(await plainOf(vjp(() => constant, x).pullback(constant)[0])).toBePlain(build([2, 3], () => 0));
    expect(await plainOf(jvp(() => constant, [x], [x]).tangent)).toBePlain(vector(0, 0));
    expect(await plainOf(jacobian(() => constant)(x))).toBePlain(build([2, 2, 3], () => 0));
  });

  test("the jacobian of nothing, or by nothing, is empty", async () => {
    const empty = zeros([0, 2], place);
    expect(await plainOf(jacobian(square)(empty))).toBePlain(plain([0, 2, 0, 2], []));
    expect(await plainOf(jacobian((t) => sum(t, 0))(empty))).toBePlain(plain([2, 0, 2], []));
  });
});

describe("what transforms refuse", () => {
  const x = tensor([1, 2], reference);

  test("grad: a function that returns no scalar, with the shape", () => {
    expect(() => grad((t) => square(t))(x)).toThrow(
      new RangeError("grad: the function returned shape [2]; it must return a scalar, or use vjp"),
    );
  });

  test("jvp: another number of tangents than arguments", () => {
    expect(() => jvp(add, [x, x], [x])).toThrow(new RangeError("jvp: 2 arguments but 1 tangents"));
  });

  test("cotangents and tangents of another shape, with both shapes", () => {
    const message = "a (co)tangent of shape [] was given for a value of shape [2]";
    expect(() => vjp(square, x).pullback(ones([], reference))).toThrow(new RangeError(message));
    expect(() => jvp(square, [x], [ones([], reference)])).toThrow(new RangeError(message));
  });

  test("an exception inside a derivative leaves the next one alone", async () => {
    const fails = (): Tensor => {
      throw new Error("on purpose");
    };
    expect(() => grad(fails)(x)).toThrow("on purpose");
    expect(await plainOf(grad((t) => sum(square(t)))(x))).toBePlain(vector(2, 4));
  });
});

import { grad, jvp, linearise, primitive, vjp, type Linearisation } from "../../src/autodiff/index.js";
import {
  add, broadcastTo, cholesky, concatenate, crossEntropy, crossEntropyGradient, dot, exp, gather, logSumExp, matmul, max, mean, mul, relu, reshape, slice, softmax, square,
  sub, sum, tanh, transpose, where, greater,
} from "../../src/autodiff/rules/index.js"; // prettier-ignore
import { eye, ones, tensor } from "../../src/tensor/create.js";
import { unary } from "../../src/tensor/elementwise.js";
import { leadingRows } from "../../src/tensor/movement.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { places } from "../support/backends.js";
import { countingBackend } from "../support/countingBackend.js";
import "../support/matchers.js";
import { plainOf, type Plain } from "../support/plain.js";
import { randomTensors, reference } from "../support/randomTensors.js";

const M = 7;

/** s and z of a network with one hidden layer and everything in it that keeps cases apart, and the loss of every case. */
function network([W, V]: readonly Tensor[], x: Tensor, targets: Tensor): { s: Tensor; z: Tensor; losses: Tensor } {
  const bar = (a: Tensor) => concatenate([a, ones([a.shape[0], 1], a)], 1);
  const s = matmul(bar(x), W, { transposeB: true });
  const a = where(greater(s, 0), tanh(s), mul(s, 0.5));
  const halves = [slice(a, [null, [0, 2]]), slice(a, [null, [2, 4]])];
  const mixed = reshape(mul(reshape(concatenate(halves, 1), [a.shape[0], 2, 2]), 2), [-1, 4]);
  const z = matmul(bar(add(mixed, softmax(mixed))), V, { transposeB: true });
  const losses = add(sub(logSumExp(z), sum(mul(z, targets), 1)), mul(sum(square(relu(sub(z, targets))), -1), 0.5));
  const sharp = mul(crossEntropy("sigmoid", z, targets), sum(crossEntropyGradient("softmax", z, targets, losses), 1));
  return { s, z, losses: add(losses, add(sharp, crossEntropy("softmax", z, targets))) };
}

describe.each(places)("a linearisation, $name", (place) => {
  const random = randomTensors(21, place);
  const weights = [random([4, 4]), random([3, 5])];
  const [x, targets] = [random([M, 3]), random([M, 3])];
  const tolerance = 64 * place.tolerance;
  const near = async (t: Tensor): Promise<Plain> => ({ ...(await plainOf(t)), magnitudes: new Float64Array(t.shape.reduce((p, q) => p * q, 1)).fill(1) }); // prettier-ignore

  const whole = linearise((ws) => network(ws, x, targets), weights, { cases: [x] });
  const asArgument = linearise(([x, ...ws]) => network(ws, x, targets), [x, ...weights], { cases: [x] });
  const z = (...ws: Tensor[]) => network(ws, x, targets).z;
  const g = random([M, 3]);
  const vs = [random([4, 4]), random([3, 5])];

  test("holds the value of the function", async () => {
    expect(await plainOf(whole.value.z)).toBePlain(await plainOf(z(...weights)));
  });

  test("pulls back as vjp does, and pushes forward as jvp does", async () => {
    const pulled = whole.pullback([whole.value.z], [g]);
    for (const [i, expected] of vjp(z, ...weights)
      .pullback(g)
      .entries())
      expect(await plainOf(pulled[i])).toBePlain(await plainOf(expected));
    const [pushed] = whole.pushforward([whole.value.z], vs);
    expect(await plainOf(pushed)).toBePlain(await plainOf(jvp(z, weights, vs).tangent));
  });

  test("gives the same however often it is swept, and linear combinations of sweeps", async () => {
    const sweep = () => whole.pullback([whole.value.z], [g])[0];
    const first = await plainOf(sweep());
    whole.pushforward([whole.value.z], vs);
    whole.rows(0, 2).pushforward([whole.value.z], vs);
    expect(await plainOf(sweep())).toBePlain(first);
    const other = random([M, 3]);
    const sumOfTwo = add(sweep(), mul(whole.pullback([whole.value.z], [other])[0], 3));
    const oneOfSum = whole.pullback([whole.value.z], [add(g, mul(other, 3))])[0];
    expect(await plainOf(oneOfSum)).toBeCloseToPlain(await near(sumOfTwo), tolerance);
  });

  test("sums what several values pull back, and pushes all of them forward at once", async () => {
    const { s, losses } = whole.value;
    const [gs, gl] = [random([M, 4]), random([M])];
    const together = whole.pullback([s, losses], [gs, gl]);
    const apart = [whole.pullback([s], [gs]), whole.pullback([losses], [gl])];
    for (const [i, t] of together.entries())
      expect(await plainOf(t)).toBeCloseToPlain(await near(add(apart[0][i], apart[1][i])), tolerance);
    const pushed = whole.pushforward([s, losses], vs);
    expect(await plainOf(pushed[1])).toBePlain(await plainOf(whole.pushforward([losses], vs)[0]));
  });

  test("pulls back to intermediate variables: the gradient by W is gᵀ times the layer's input", async () => {
    const { s, losses } = whole.value;
    const [gs, gW] = whole.pullback([losses], [ones([M], losses)], [s, whole.variables[0]]);
    const aBar = concatenate([x, ones([M, 1], x)], 1);
    expect(await plainOf(gW)).toBeCloseToPlain(await near(matmul(gs, aBar, { transposeA: true })), tolerance);
  });

  test("gives zeros where a value does not depend on an argument", async () => {
    const at = linearise(([a, b]) => ({ a: square(a), b: square(b) }), [x, targets]);
    const [, gb] = at.pullback([at.value.a], [g]);
    expect(await plainOf(gb)).toBePlain(await plainOf(mul(targets, 0)));
    const [va, vb] = at.pushforward([at.value.a, at.value.b], [mul(x, 0), ones([M, 3], x)]);
    expect(await plainOf(va)).toBePlain(await plainOf(mul(x, 0)));
    expect(await plainOf(vb)).toBePlain(await plainOf(mul(targets, 2)));
  });

  describe.each([1, 3, M])("restricted to the first %p cases", (n) => {
    const leading = { x: leadingRows(x, n), targets: leadingRows(targets, n) };

    test.each([
      { of: "cases that are a constant", at: whole },
      { of: "cases that are an argument", at: asArgument },
    ])("is the linearisation at those cases alone, with $of", async ({ at }) => {
      const isArgument = at === asArgument;
      const expected = isArgument
        ? linearise(([x, ...ws]) => network(ws, x, leading.targets), [leading.x, ...weights])
        : linearise((ws) => network(ws, leading.x, leading.targets), weights);
      const tangents = isArgument ? [random([n, 3]), ...vs] : vs;
      const rows = at.rows(0, n);
      const outputs = ["s", "z", "losses"] as const;
      for (const name of outputs) {
        const [restricted, alone] = [at.value[name], expected.value[name]];
        const cotangent = random([n, ...restricted.shape.slice(1)]);
        const pulled = rows.pullback([restricted], [cotangent]);
        const wanted = expected.pullback([alone], [cotangent]);
        for (const [i, t] of pulled.entries()) expect(await plainOf(t)).toBeCloseToPlain(await near(wanted[i]), tolerance); // prettier-ignore
        const [pushed] = rows.pushforward([restricted], tangents);
        expect(await plainOf(pushed)).toBeCloseToPlain(await near(expected.pushforward([alone], tangents)[0]), tolerance); // prettier-ignore
      }
    });

    test("pulls back to rows of intermediate values", async () => {
      const [gs] = whole.rows(0, n).pullback([whole.value.losses], [ones([n], x)], [whole.value.s]);
      const [all] = whole.pullback([whole.value.losses], [ones([M], x)], [whole.value.s]);
      expect(await plainOf(gs)).toBeCloseToPlain(await near(leadingRows(all, n)), tolerance);
    });
  });

  test("can be restricted again, and restricting it changes nothing of it", async () => {
    const { z } = whole.value;
    const narrower = whole.rows(0, 5).rows(0, 2);
    const cotangent = random([2, 3]);
    const expected = await plainOf(whole.rows(0, 2).pullback([z], [cotangent])[0]);
    expect(await plainOf(narrower.pullback([z], [cotangent])[0])).toBePlain(expected);
    expect(narrower.value).toBe(whole.value);
    expect((await plainOf(whole.pushforward([z], vs)[0])).shape).toEqual([M, 3]);
  });

  test("restricted, it keeps derivatives by an outer variable that its saved values depend on", async () => {
    const [w, v] = [random([3, 2]), random([3, 2])];
    const n = 3;
    const overRows = (t: Tensor) => {
      const at = linearise(([u]) => tanh(matmul(x, u)), [mul(w, t)], { cases: [x] });
      return dot(at.rows(0, n).pullback([at.value], [ones([n, 2], x)])[0], v);
    };
    const alone = (t: Tensor) => dot(grad((u) => sum(tanh(matmul(leadingRows(x, n), u))))(mul(w, t)), v);
    const slope = await plainOf(grad(alone)(ones([], x)));
    expect(Math.abs(slope.values[0])).toBeGreaterThan(0.01);
    expect(await plainOf(grad(overRows)(ones([], x)))).toBeCloseToPlain({ ...slope, magnitudes: Float64Array.of(1) }, tolerance); // prettier-ignore
  });
});

describe("operations that keep cases apart, and those that mix them", () => {
  const random = randomTensors(3, reference);
  const x = random([5, 5]);
  const w = random([5, 5]);
  const spd = (a: Tensor) => add(matmul(a, a, { transposeB: true }), eye(5, a));

  const sweeps = (f: (x: Tensor, w: Tensor) => Tensor) => {
    const at: Linearisation<Tensor> = linearise(([x, w]) => f(x, w), [x, w], { cases: [x] });
    const all = ones(at.value.shape, x);
    const g = all.shape.length === 0 ? all : leadingRows(all, Math.min(2, all.shape[0]));
    const rows = at.rows(0, 2);
    return [() => rows.pullback([at.value], [g]), () => rows.pushforward([at.value], [random([2, 5]), random([5, 5])])];
  };

  test.each<[string, (x: Tensor, w: Tensor) => Tensor]>([
    ["sum", (x) => sum(x, 0)],
    ["sum", (x) => sum(x)],
    ["sum", (x) => mean(tanh(x), 0)],
    ["max", (x) => max(x, 0)],
    ["logSumExp", (x) => logSumExp(x, 0)],
    ["softmax", (x) => softmax(x, 0)],
    ["matmul", (x, w) => matmul(x, w, { transposeA: true })],
    ["matmul", (x, w) => matmul(w, x)],
    ["matmul", (x) => matmul(x, x)],
    ["dot", (x, w) => dot(x, w)],
    ["transpose", (x) => transpose(x)],
    ["reshape", (x) => reshape(x, [25])],
    ["gather", (x) => gather(x, [0, 1])],
    ["slice", (x) => slice(x, [[0, 2]])],
    ["concatenate", (x) => concatenate([x, x])],
    ["cholesky", (x) => cholesky(add(mul(x, 0.1), eye(5, x)))],
    ["add", (x, w) => add(x, w)],
    ["mul", (x) => mul(reshape(x, [5, 5, 1]), slice(sum(x, 1), [null]))],
    ["broadcastTo", (x) => broadcastTo(sum(x, 1), [2, 5])],
  ])("%s mixes cases, and is refused by its name: %s", (name, f) => {
    for (const sweep of sweeps((x, w) => exp(f(x, w))))
      expect(sweep).toThrow(
        new TypeError(
          `rows: ${name} mixes cases, so it cannot be restricted to leading rows; declare its cases if it does not`,
        ),
      );
  });

  test("what mixes no cases may do what it likes to weights", () => {
    for (const sweep of sweeps((x, w) => matmul(x, cholesky(spd(w))))) expect(sweep).not.toThrow();
  });

  test("an operation from outside mixes cases unless it declares that it does not", () => {
    const entry = { name: "outside", value: (t: Tensor) => unary("exp", t), vjp: (g: Tensor, y: Tensor) => mul(g, y), jvp: (v: Tensor, y: Tensor) => mul(v, y) }; // prettier-ignore
    for (const sweep of sweeps((x) => primitive(entry)(x))) expect(sweep).toThrow("rows: outside mixes cases");
    for (const sweep of sweeps((x) => primitive({ ...entry, cases: [true] })(x))) expect(sweep).not.toThrow();
  });
});

describe("what a linearisation refuses", () => {
  const x = tensor([[1, 2], [3, 4], [5, 6]], reference); // prettier-ignore
  const w = tensor([[1], [2]], reference);
  const at = linearise(([w]) => matmul(x, w), [w], { cases: [x] });

  test("rows that do not lead, do not exist, or are none", () => {
    for (const [start, end] of [
      [1, 2],
      [0, 4],
      [0, 0],
      [0, 1.5],
      [0, NaN],
    ])
      // prettier-ignore
      expect(() => at.rows(start, end)).toThrow(
        new RangeError(`rows: [${start}, ${end}) of 3 cases; only leading rows 0 … n of declared cases can be had`),
      );
  });

  test("rows where no cases were declared, or of different numbers", () => {
    expect(() => linearise(([w]) => matmul(x, w), [w]).rows(0, 1)).toThrow(
      new RangeError("rows: [0, 1) of no declared cases; only leading rows 0 … n of declared cases can be had"),
    );
    expect(() => linearise(([w]) => matmul(x, w), [w], { cases: [x, w] }).rows(0, 1)).toThrow("of 3, 2 cases");
  });

  test("rows of a value that was computed from other cases than those declared", () => {
    const elsewhere = mul(x, 2);
    const other = linearise(([w]) => matmul(elsewhere, w), [w], { cases: [x] }).rows(0, 2);
    expect(() => other.pushforward([other.value], [w])).toThrow(
      new TypeError("rows: value 0 of shape [3×1] has a row for each case, but does not come from the declared cases; declare what it comes from"), // prettier-ignore
    );
  });

  test("values that are constants to it", () => {
    expect(() => at.pullback([x], [x])).toThrow(
      new TypeError("pullback: value 0 is a constant; it must come from the function's arguments"),
    );
    expect(() => at.pullback([at.value], [ones([3, 1], x)], [x])).toThrow("pullback: value 0 is a constant");
    expect(() => at.pushforward([at.value, x], [w])).toThrow("pushforward: value 1 is a constant");
  });

  test("another number of cotangents than values, or of tangents than arguments", () => {
    expect(() => at.pullback([at.value], [])).toThrow(
      new RangeError("pullback: 0 cotangents for 1 values; give one for each"),
    );
    expect(() => at.pushforward([at.value], [w, w])).toThrow(
      new RangeError("pushforward: 2 tangents for 1 values; give one for each"),
    );
  });

  test("cotangents with another number of rows than it is restricted to", () => {
    expect(() => at.rows(0, 2).pullback([at.value], [ones([3, 1], x)])).toThrow(
      new RangeError("a (co)tangent of shape [3×1] was given for a value of shape [2×1]"),
    );
  });
});

test("rows are views: a restricted sweep copies none of the saved values", () => {
  const backend = countingBackend();
  const x = ones([6, 2], { backend });
  const w = ones([2, 3], { backend });
  const at = linearise(([w]) => matmul(x, w), [w], { cases: [x] });
  const tangent = ones([2, 3], { backend });
  const before = backend.made;
  at.rows(0, 2).pushforward([at.value], [tangent]);
  expect(backend.made - before).toBe(1);
});

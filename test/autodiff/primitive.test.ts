import { checkGradients, grad, gradients, primitive, Variable, variable } from "../../src/autodiff/index.js";
import { add, mul, sum } from "../../src/autodiff/rules/index.js";
import { tensor } from "../../src/tensor/create.js";
import { binary, unary } from "../../src/tensor/elementwise.js";
import { Tensor } from "../../src/tensor/tensor.js";
import "../support/matchers.js";
import { evaluate, plainOf, vector } from "../support/plain.js";

const x = tensor(Float64Array.of(0.5, -1));

/** x eˣ; d/dx = y + eˣ. */
const xExp = primitive({
  name: "xExp",
  value: (t: Tensor) => binary("mul", t, unary("exp", t)),
  vjp: (g, y, t: Tensor) => mul(g, add(y, exponential(t))),
  jvp: (v, y, t: Tensor) => mul(v, add(y, exponential(t))),
});
const exponential = primitive({
  name: "exponential",
  value: (t: Tensor) => unary("exp", t),
  vjp: (g, y) => mul(g, y),
  jvp: (v, y) => mul(v, y),
});

/** a b² of three arguments, of which the last does nothing. */
const scaled = primitive({
  name: "scaled",
  value: (a: Tensor, b: Tensor) => binary("mul", a, unary("square", b)),
  vjp: [(g, y, a: Tensor, b: Tensor) => mul(g, mul(b, b)), (g, y, a: Tensor, b: Tensor) => mul(g, mul(2, mul(a, b)))],
  jvp: [(v, y, a: Tensor, b: Tensor) => mul(v, mul(b, b)), (v, y, a: Tensor, b: Tensor) => mul(v, mul(2, mul(a, b)))],
});

describe("an operation written outside", () => {
  test("of one input is given by a single vjp and a single jvp", async () => {
    await checkGradients(xExp, x);
    expect(await evaluate(() => xExp(x))).toBeCloseToPlain(vector(0.5 * Math.exp(0.5), -Math.exp(-1)), 1e-15);
  });

  test("of several inputs is given by one for each", async () => {
    await checkGradients(scaled, x, mul(x, 3));
    await checkGradients((t) => scaled(t, t), x);
  });

  test("composes with the operations of the package, and with itself", async () => {
    await checkGradients((t) => sum(scaled(xExp(t), xExp(mul(t, 0.5)))), x);
  });

  test("of plain tensors is a plain tensor, of a variable a variable, and its value sees plain tensors alone", () => {
    const seen: Tensor[] = [];
    const spy = primitive({
      name: "spy",
      value: (t: Tensor) => {
        seen.push(t);
        return unary("negative", t);
      },
      vjp: (g) => mul(g, -1),
      jvp: (v) => mul(v, -1),
    });
    expect(spy(x)).not.toBeInstanceOf(Variable);
    expect(spy(variable(variable(x)))).toBeInstanceOf(Variable);
    expect(seen.map((t) => t.constructor)).toEqual([Tensor, Tensor]);
  });

  test("takes numbers as constants", async () => {
    const shift = primitive({
      name: "shift",
      value: (a: Tensor, c: number) => binary("add", a, c),
      vjp: [(g) => g],
      jvp: [(v) => v],
    });
    await checkGradients((t) => shift(mul(t, t), 3), x);
    expect(await evaluate(() => shift(x, 3))).toBePlain(vector(3.5, 2));
  });

  test("refuses, by its name, to be differentiated by an input that it gives no derivative for", async () => {
    const half = primitive({
      name: "half",
      value: (a: Tensor, b: Tensor) => binary("mul", a, b),
      vjp: (g, y, a: Tensor, b: Tensor) => mul(g, b),
      jvp: (v, y, a: Tensor, b: Tensor) => mul(v, b),
    });
    expect(await evaluate(() => grad((a) => sum(half(a, x)))(x))).toBePlain(vector(0.5, -1));
    expect(() => grad((b) => sum(half(x, b)))(x)).toThrow(
      new TypeError("half: input 1 has no derivative; detach it, or give its vjp and jvp"),
    );
  });

  test("is visited only where a derivative passes through it", async () => {
    const opaque = primitive({ name: "opaque", value: (t: Tensor) => unary("negative", t), vjp: [], jvp: [] });
    const [a, b] = [variable(x), variable(x)];
    const y = sum(mul(opaque(a), b));
    expect(await plainOf(gradients(y, [b])[0])).toBePlain(vector(-0.5, 1));
    expect(() => gradients(y, [a])).toThrow("opaque: input 0 has no derivative");
  });
});

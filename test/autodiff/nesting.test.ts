import { detach, grad, gradients, hvp, jvp, linearise, variable, vjp } from "../../src/autodiff/index.js";
import { add, exp, mul, pow, square, tanh } from "../../src/autodiff/rules/index.js";
import { readScalar, tensor } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { reference } from "../support/randomTensors.js";

const number = (value: number) => tensor(value, reference);
/** f′(x) by each mode. */
const derivatives = {
  reverse: (f: (x: Tensor) => Tensor) => grad(f),
  forward: (f: (x: Tensor) => Tensor) => (x: Tensor) => jvp(f, [x], [number(1)]).tangent,
  "by hand": (f: (x: Tensor) => Tensor) => (x: Tensor) => {
    const t = variable(x);
    return gradients(f(t), [t])[0];
  },
  "by a linearisation": (f: (x: Tensor) => Tensor) => (x: Tensor) => {
    const at = linearise(([t]) => f(t), [x]);
    return at.pullback([at.value], [number(1)])[0];
  },
};
type Mode = keyof typeof derivatives;
const modes = Object.keys(derivatives) as Mode[];
const pairs = modes.flatMap((outer) => modes.map((inner) => ({ outer, inner })));
const valueAt = async (x: number, f: (x: Tensor) => Tensor) => readScalar(f(number(x)));

describe.each(pairs)("$inner inside $outer", ({ outer, inner }) => {
  const [dx, dy] = [derivatives[outer], derivatives[inner]];

  test("d/dx [x · d/dy (x + y)] = 1", async () => {
    const f = (x: Tensor) => mul(x, dy((y) => add(x, y))(number(5)));
    expect(await valueAt(3, dx(f))).toBe(1);
  });

  test("where the inner point is the outer variable, d/dx [x · d/dy (x y²) at y = x] = 6x²", async () => {
    const f = (x: Tensor) => mul(x, dy((y) => mul(x, square(y)))(x));
    expect(await valueAt(3, dx(f))).toBe(54);
  });

  test("the derivative of a derivative is the second derivative", async () => {
    expect(await valueAt(2, dx(dy((x) => pow(x, 4))))).toBeCloseTo(48, 12);
  });
});

// Two variables made by hand of constants have one level: see "variables by hand" below.
const ofTwoLevels = pairs.filter(({ outer, inner }) => outer !== "by hand" || inner !== "by hand");

test.each(ofTwoLevels)("$inner inside $outer: d/dx [x · d/dy (x · y)] = 2x", async ({ outer, inner }) => {
  const f = (x: Tensor) => mul(x, derivatives[inner]((y) => mul(x, y))(number(5)));
  expect(await valueAt(3, derivatives[outer](f))).toBe(6);
});

// A linearisation refuses to pull a constant back.
const ofConstants = pairs.filter(({ inner }) => inner !== "by a linearisation");

test.each(ofConstants)("$inner inside $outer: the inner derivative of a constant is 0", async ({ outer, inner }) => {
  const f = (x: Tensor) => add(mul(x, 2), mul(x, derivatives[inner](() => square(x))(number(5))));
  expect(await valueAt(3, derivatives[outer](f))).toBe(2);
});

describe("derivatives nested more deeply", () => {
  test("three levels keep their variables apart: d/dx [x · d/dy [y · d/dz (x y z)]] = 4xy", async () => {
    const f = (x: Tensor) => {
      const inY = (y: Tensor) => mul(y, grad((z) => mul(mul(x, y), z))(number(7)));
      return mul(x, grad(inY)(number(5)));
    };
    expect(await valueAt(3, grad(f))).toBe(4 * 3 * 5);
  });

  test("the fifth derivative of eˣ is eˣ, in mixed modes", async () => {
    const { forward, reverse } = derivatives;
    const fifth = forward(reverse(forward(reverse(forward(exp)))));
    expect(await valueAt(0.5, fifth)).toBeCloseTo(Math.exp(0.5), 12);
  });

  test("a Hessian-vector product can be differentiated: d/dx [f″(x) v] = f‴(x) v", async () => {
    const f = (x: Tensor) => hvp((t) => pow(t, 5), x, number(3));
    expect(await valueAt(2, grad(f))).toBeCloseTo(3 * 60 * 4, 9);
  });
});

describe("values that outlive their derivative", () => {
  test("a pullback can be differentiated by its cotangent", async () => {
    const { pullback } = vjp((x) => pow(x, 3), number(2));
    expect(
      await valueAt(
        1,
        grad((g) => square(pullback(g)[0])),
      ),
    ).toBe(2 * 12 * 12);
  });

  test("a linearisation's values are not confused with the variables of a later derivative", async () => {
    // y = w², h = d/dz (z y) = y, so d/dw [y h] = d/dw w⁴
    const at = linearise(([w]) => square(w), [number(3)]);
    const h = grad((z) => mul(z, at.value))(number(5));
    const product = mul(at.value, h);
    expect(await readScalar(at.pullback([product], [number(1)])[0])).toBe(4 * 27);
  });

  test("a function that opens variables inside itself can be differentiated from outside", async () => {
    const opens = (x: Tensor) => mul(variable(number(4)), square(x));
    expect(await valueAt(3, grad(opens))).toBe(24);
    expect(await valueAt(3, derivatives.forward(opens))).toBe(24);
    const at = linearise(([x]) => opens(x), [number(3)]);
    expect(await readScalar(at.pullback([at.value], [number(1)])[0])).toBe(24);
    expect(await readScalar(at.pushforward([at.value], [number(1)])[0])).toBe(24);
  });
});

describe("variables by hand", () => {
  test("nest where a variable is made of a variable", async () => {
    const x = variable(number(3));
    const y = variable(variable(number(5)));
    const [inner] = gradients(mul(x, y), [y]);
    const [outer] = gradients(mul(x, inner), [x]);
    expect(await readScalar(outer)).toBe(6);
  });

  test("of one level give derivatives that are constants to that level", async () => {
    const [x, y] = [variable(number(3)), variable(number(5))];
    const [inner] = gradients(mul(x, y), [y]);
    expect(await readScalar(gradients(mul(x, inner), [x])[0])).toBe(3);
  });

  test("detach makes a value a constant to every level", async () => {
    const f = (x: Tensor) => mul(x, detach(tanh(x)));
    expect(await valueAt(2, grad(f))).toBeCloseTo(Math.tanh(2), 15);
    const nested = (x: Tensor) => mul(detach(x), grad((y) => mul(detach(x), square(y)))(x));
    expect(await valueAt(3, grad(nested))).toBe(2 * 9);
  });
});

import { grad, gradients, linearise, Variable, variable, vjp } from "../../src/autodiff/index.js";
import { matmul, mul, solveTriangular, square, sum, tanh } from "../../src/autodiff/rules/index.js";
import { eye, ones, read, readScalar, tensor } from "../../src/tensor/create.js";
import { disposeAll, scope } from "../../src/tensor/scope.js";
import { countingBackend } from "../support/countingBackend.js";

let backend = countingBackend();
beforeEach(() => {
  backend = countingBackend();
});
const make = (value = 0) => tensor([value, value], { backend, dtype: "float64" });

describe("scopes and derivatives", () => {
  const values = () => tensor([[0.5, 0], [0.25, 2]], { backend, dtype: "float64" }); // prettier-ignore

  test("a variable that a scope returns can still be differentiated", async () => {
    const x = variable(make(0.5));
    const y = scope(() => sum(square(mul(tanh(x), 2))));
    const [g] = gradients(y, [x]);
    const t = Math.tanh(0.5);
    expect((await read(g))[0]).toBeCloseTo(8 * t * (1 - t * t), 12);
  });

  test("so can the result of a solve, whose rule needs no hidden tensors", async () => {
    const l = variable(values());
    const y = scope(() => sum(solveTriangular(l, eye(2, l))));
    const [g] = gradients(y, [l]);
    // 1/L₀₀ + 1/L₁₁ − L₁₀/(L₀₀L₁₁), differentiated by L₁₀
    expect((await read(g))[2]).toBeCloseTo(-1 / (0.5 * 2), 12);
  });

  test("a pullback that a scope returns keeps what it needs, and disposing of it leaves the arguments alone", async () => {
    const x = make(3);
    const { value, pullback } = scope(() => vjp((t) => square(tanh(t)), x));
    const [g] = pullback(ones([2], value));
    const t = Math.tanh(3);
    expect((await read(g))[0]).toBeCloseTo(2 * t * (1 - t * t), 12);
    disposeAll([pullback]);
    expect(x.disposed).toBe(false);
  });

  test("a linearisation that a scope returns can still be swept", async () => {
    const x = make(3);
    const at = scope(() => linearise(([t]) => square(tanh(t)), [x]));
    const [v] = at.pushforward([at.value], [ones([2], x)]);
    const t = Math.tanh(3);
    expect((await read(v))[0]).toBeCloseTo(2 * t * (1 - t * t), 12);
  });

  test("a scope around a gradient leaves the gradient alone", () => {
    const x = values();
    const g = scope(() => grad((W) => sum(square(tanh(matmul(W, W)))))(x));
    expect(g).not.toBeInstanceOf(Variable);
    expect(backend.live).toBe(2);
  });

  test("ten thousand descent steps leave memory flat", async () => {
    let x = make(4);
    for (let step = 0; step < 10_000; step++) {
      const next = scope(() => mul(x, tensor(0.999, { backend, dtype: "float64" })));
      x.dispose();
      x = next;
      if (step % 100 === 0) {
        const stepped = scope(() => grad((t) => sum(square(t)))(x));
        stepped.dispose();
      }
    }
    expect(backend.live).toBe(1);
    expect(await readScalar(scope(() => sum(x)))).toBeCloseTo(8 * 0.999 ** 10_000, 9);
  });

  test("a variable goes, but not what it was computed from", () => {
    const x = make();
    const y = tanh(variable(x));
    disposeAll([y]);
    expect([y.disposed, x.disposed]).toEqual([true, false]);
  });
});

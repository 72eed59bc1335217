import { add, cholesky, concatenate, mul } from "../../src/autodiff/index.js";
import { denseFisher } from "../../src/kfac/dense.js";
import { ExactNaturalGradient } from "../../src/kfac/exactNaturalGradient.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { full } from "../../src/tensor/create.js";
import { NumericalError } from "../../src/tensor/errors.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { along, eigenvalues, identity, plus, solve, stacked, unstacked } from "../support/dense.js";
import {
  plainIdentity,
  PlainProblem,
  plainSigmoidCrossEntropy,
  plainSoftmaxCrossEntropy,
  plainSquaredError,
  plainTanh,
} from "../support/plainNetwork.js";
import { lawPlaces, normalTensor, problem, targetsFor } from "../support/problems.js";

const losses = [
  { name: "squaredError", loss: squaredError, plain: plainSquaredError },
  { name: "sigmoidCrossEntropy", loss: sigmoidCrossEntropy, plain: plainSigmoidCrossEntropy },
  { name: "softmaxCrossEntropy", loss: softmaxCrossEntropy, plain: plainSoftmaxCrossEntropy },
];

describe.each(lawPlaces)("ExactNaturalGradient, $name", ({ backend }) => {
  const place = { backend };

  describe.each(losses)("steps along (F + (λ + η)I)⁻¹∇h with the dense F of each minibatch, under $name", (under) => {
    test.each([1, 2, 3])("%i layers", async (layers) => {
      const [lambda, eta, learningRate] = [0.1, 0.02, 0.5];
      const sizes = [3, 2, 3, 2].slice(3 - layers);
      const { net, loss } = problem({ sizes, loss: under.loss, backend });
      const activations = sizes.slice(1).map((_, i) => (i === layers - 1 ? plainIdentity : plainTanh));
      const plainly = new PlainProblem(activations, under.plain, eta);
      const shapes = net.weights.map((W) => W.shape);
      let theta = stacked(await rowsOfAll(net.weights));
      using optimizer = new ExactNaturalGradient(net, loss, { lambda, eta, learningRate });
      for (let k = 1; k <= 4; k++) {
        const inputs = normalTensor([5, sizes[0]], 100 + k, place);
        const targets = targetsFor(loss, [5, sizes[layers]], 200 + k, place);
        const [X, T, W] = [await rows(inputs), await rows(targets), unstacked(theta, shapes)];
        const F = plainly.fisher(W, X);
        const step = solve(plus(F, identity(F.length), lambda + eta), stacked(plainly.gradient(W, X, T)));
        theta = along(theta, step, -learningRate);
        const report = await optimizer.step({ inputs, targets });
        expectClose(report.objective, plainly.objective(W, X, T));
        expectClose(stacked(await rowsOfAll(net.weights)), theta);
        expect(report).toMatchObject({ iteration: k, waits: 1, events: [] });
      }
    });
  });

  test("takes an F that is not singular without damping, and a whole step where it is told nothing", async () => {
    const { net, loss, data } = problem({ sizes: [3, 3, 2], cases: 40, backend });
    const plainly = new PlainProblem([plainTanh, plainIdentity], plainSquaredError);
    const [W, X, T] = [await rowsOfAll(net.weights), await rows(data.inputs), await rows(data.targets)];
    const F = plainly.fisher(W, X);
    expect(eigenvalues(F)[0]).toBeGreaterThan(0);
    using optimizer = new ExactNaturalGradient(net, loss);
    await optimizer.step(data);
    expectClose(
      stacked(await rowsOfAll(net.weights)),
      along(stacked(W), solve(F, stacked(plainly.gradient(W, X, T))), -1),
      1e-9,
    );
  });

  test("with one linear layer and squared error, F is the Hessian and one undamped step is at the minimum", async () => {
    const { net, loss, data } = problem({ sizes: [4, 3], cases: 12, backend });
    const plainly = new PlainProblem([plainIdentity], plainSquaredError);
    using optimizer = new ExactNaturalGradient(net, loss);
    await optimizer.step(data);
    const gradient = stacked(
      plainly.gradient(await rowsOfAll(net.weights), await rows(data.inputs), await rows(data.targets)),
    );
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-13);
  });

  describe.each(["float32", "float64"] as const)("a singular F, %s", (dtype) => {
    test.each([
      ["fewer cases than parameters", squaredError, 3],
      ["a softmax, whose outputs may all be shifted", softmaxCrossEntropy, 60],
      ["no damping that rounding would leave", sigmoidCrossEntropy, 2],
    ] as const)(
      "because of %s throws NumericalError that says to raise lambda, and lambda cures it",
      async (_, loss, cases) => {
        for (let seed = 1; seed <= 5; seed++) {
          const { net, data } = problem({ loss, cases, seed, backend, dtype });
          const before = await rowsOfAll(net.weights);
          using undamped = new ExactNaturalGradient(net, loss, { lambda: cases === 2 ? 1e-30 : 0 });
          const refused = expect(undamped.step(data)).rejects;
          await refused.toThrow(NumericalError);
          await expect(undamped.step(data)).rejects.toThrow(
            /^exactNaturalGradient: the Fisher of 26 parameters on \d+ cases, with lambda \+ eta (0|1e-30), cannot be inverted \(cholesky: pivot .*\); raise lambda$/,
          );
          expect(await rowsOfAll(net.weights)).toEqual(before);
          using damped = new ExactNaturalGradient(net, loss, { lambda: 0.01 });
          expect((await damped.step(data)).iteration).toBe(1);
        }
      },
    );
    test("is refused where rounding leaves it a tiny positive pivot too", async () => {
      let positive = 0;
      for (let seed = 1; seed <= 8; seed++) {
        const { net, loss } = problem({ sizes: [3, 1], seed, backend, dtype });
        const [u, v] = [
          normalTensor([9, 1], seed, { backend, dtype }),
          normalTensor([9, 1], seed + 50, { backend, dtype }),
        ];
        const inputs = concatenate([u, v, add(mul(u, 0.3), mul(v, 0.7))], 1);
        try {
          cholesky(denseFisher(net, loss, inputs));
          positive++;
        } catch (error) {
          expect(error).toBeInstanceOf(NumericalError);
        }
        using undamped = new ExactNaturalGradient(net, loss);
        await expect(undamped.step({ inputs, targets: u })).rejects.toThrow(/cannot be inverted .*; raise lambda$/);
      }
      expect(positive).toBeGreaterThan(0);
    });
  });
});

test("a batch that holds NaN is at fault, not F: the error says so and nothing changes", async () => {
  const { net, loss, data } = problem();
  const before = await rowsOfAll(net.weights);
  using optimizer = new ExactNaturalGradient(net, loss);
  await expect(optimizer.step({ ...data, inputs: full([7, 3], NaN, data.inputs) })).rejects.toThrow(
    "exactNaturalGradient: the batch holds NaN or infinite inputs or targets; clean the data",
  );
  expect(await rowsOfAll(net.weights)).toEqual(before);
});

test.each<[object, string]>([
  [{ learningRate: 0 }, "learningRate is 0; it must be positive"],
  [{ lambda: -1 }, "lambda is -1; it must be a number of at least 0"],
  [{ lambda: Infinity }, "lambda is Infinity; it must be a number of at least 0"],
  [{ eta: NaN }, "eta is NaN; it must be a number of at least 0"],
  [{ gamma: 1 }, 'there is no option "gamma"; options are learningRate, lambda, eta'],
])("ExactNaturalGradient refuses %o in one sentence", (options, message) => {
  const { net, loss } = problem();
  expect(() => new ExactNaturalGradient(net, loss, options)).toThrow(`exactNaturalGradient: ${message}`);
});

import { Adam } from "../../src/kfac/adam.js";
import { Sgd } from "../../src/kfac/sgd.js";
import { NumericalError } from "../../src/tensor/errors.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { along, stacked, unstacked } from "../support/dense.js";
import { plainIdentity, PlainProblem, plainSquaredError, plainTanh } from "../support/plainNetwork.js";
import { normalTensor, problem, lawPlaces } from "../support/problems.js";

const eta = 0.01;
const plainly = new PlainProblem([plainTanh, plainIdentity], plainSquaredError, eta);

describe.each(lawPlaces)("first-order optimizers, $name", ({ backend }) => {
  const place = { backend };
  const batches = Array.from({ length: 6 }, (_, k) => ({
    inputs: normalTensor([5, 3], 100 + k, place),
    targets: normalTensor([5, 2], 200 + k, place),
  }));

  /** The gradient of h on a batch as one vector, and h. */
  async function derivative(theta: number[], shapes: readonly (readonly number[])[], k: number) {
    const W = unstacked(theta, shapes);
    const [X, T] = [await rows(batches[k].inputs), await rows(batches[k].targets)];
    return { g: stacked(plainly.gradient(W, X, T)), h: plainly.objective(W, X, T) };
  }

  test.each([
    ["without momentum", { learningRate: 0.1 }],
    ["with momentum", { learningRate: 0.1, momentum: 0.9 }],
    ["with Nesterov's momentum", { learningRate: 0.1, momentum: 0.9, nesterov: true }],
  ])("Sgd %s: v ← μv + ∇h, then θ ← θ − εv, or θ − ε(∇h + μv)", async (_, options) => {
    const { net, loss } = problem({ backend });
    const shapes = net.weights.map((W) => W.shape);
    const {
      learningRate,
      momentum = 0,
      nesterov = false,
    } = options as { learningRate: number; momentum?: number; nesterov?: boolean };
    let theta = stacked(await rowsOfAll(net.weights));
    let v = theta.map(() => 0);
    using sgd = new Sgd(net, loss, { ...options, eta });
    for (let k = 0; k < batches.length; k++) {
      const { g, h } = await derivative(theta, shapes, k);
      v = along(g, v, momentum);
      theta = along(theta, nesterov ? along(g, v, momentum) : v, -learningRate);
      const report = await sgd.step(batches[k]);
      expectClose(report.objective, h);
      expectClose(stacked(await rowsOfAll(net.weights)), theta);
      expect(report).toMatchObject({ iteration: k + 1, waits: 1, events: [] });
    }
  });

  test.each([
    ["with its defaults", {}],
    ["with others", { learningRate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }],
  ])("Adam %s: bias-corrected moments, θ ← θ − ε_lr m̂/(√v̂ + ε)", async (_, options) => {
    const { net, loss } = problem({ backend });
    const shapes = net.weights.map((W) => W.shape);
    const { learningRate, beta1, beta2, epsilon } = {
      ...{ learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      ...options,
    };
    let theta = stacked(await rowsOfAll(net.weights));
    let m = theta.map(() => 0);
    let v = theta.map(() => 0);
    using adam = new Adam(net, loss, { ...options, eta });
    for (let k = 0; k < batches.length; k++) {
      const { g } = await derivative(theta, shapes, k);
      m = m.map((mi, i) => beta1 * mi + (1 - beta1) * g[i]);
      v = v.map((vi, i) => beta2 * vi + (1 - beta2) * g[i] ** 2);
      theta = theta.map((t, i) => {
        const mHat = m[i] / (1 - beta1 ** (k + 1));
        const vHat = v[i] / (1 - beta2 ** (k + 1));
        return t - (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
      });
      await adam.step(batches[k]);
      expectClose(stacked(await rowsOfAll(net.weights)), theta);
    }
  });
});

const makers = {
  Sgd: (options: object) => {
    const of = problem();
    return { ...of, optimizer: new Sgd(of.net, of.loss, { learningRate: 0.1, momentum: 0.9, ...options }) };
  },
  Adam: (options: object) => {
    const of = problem();
    return { ...of, optimizer: new Adam(of.net, of.loss, options) };
  },
};

describe.each(["Sgd", "Adam"] as const)("%s", (name) => {
  const make = makers[name];

  test("an infinite learning rate stops with one sentence and leaves finite weights", async () => {
    const { net, data, optimizer } = make({ learningRate: Infinity });
    const before = await rowsOfAll(net.weights);
    await expect(optimizer.step(data)).rejects.toThrow(NumericalError);
    await expect(optimizer.step(data)).rejects.toThrow(
      /^(sgd|adam): iteration 1 has objective [\d.]+ and would give weights of squared norm (NaN|Infinity); lower the learning rate$/,
    );
    expect(await rowsOfAll(net.weights)).toEqual(before);
  });

  test("a throwing step leaves model and optimizer as they were", async () => {
    const [disturbed, calm] = [make({}), make({})];
    const bad = { ...disturbed.data, inputs: normalTensor([7, 5], 1) };
    for (let k = 0; k < 4; k++) {
      await expect(disturbed.optimizer.step(bad)).rejects.toThrow("dense: the layer takes 3 inputs a case");
      expect(await disturbed.optimizer.step(disturbed.data)).toEqual(await calm.optimizer.step(calm.data));
    }
    expect(await rowsOfAll(disturbed.net.weights)).toEqual(await rowsOfAll(calm.net.weights));
  });

  test("a second step before the first is done is refused", async () => {
    const { data, optimizer } = make({});
    const first = optimizer.step(data);
    await expect(optimizer.step(data)).rejects.toThrow(
      `${name.toLowerCase()}: a step is still running; await it before the next`,
    );
    expect((await first).iteration).toBe(1);
    expect((await optimizer.step(data)).iteration).toBe(2);
  });

  test.each<[object, string]>([
    [{ learningRate: 0 }, "learningRate is 0; it must be positive"],
    [{ learningRate: NaN }, "learningRate is NaN; it must be positive"],
    [{ eta: -1 }, "eta is -1; it must be a number of at least 0"],
    [{ eta: Infinity }, "eta is Infinity; it must be a number of at least 0"],
    [{ rate: 0.1 }, 'there is no option "rate"; options are learningRate'],
  ])("refuses %o in one sentence", (options, message) => {
    expect(() => make(options)).toThrow(`${name.toLowerCase()}: ${message}`);
  });
});

test.each<[object, string]>([
  [{ momentum: 1 }, "sgd: momentum is 1; it must be in [0, 1)"],
  [{ momentum: -0.1 }, "sgd: momentum is -0.1; it must be in [0, 1)"],
  [{ learningRate: undefined }, "sgd: learningRate is undefined; it must be positive"],
])("Sgd refuses %o", (options, message) => {
  expect(() => makers.Sgd(options)).toThrow(message);
});

test.each<[object, string]>([
  [{ beta1: 1 }, "adam: beta1 is 1; it must be in [0, 1)"],
  [{ beta2: -1 }, "adam: beta2 is -1; it must be in [0, 1)"],
  [{ epsilon: 0 }, "adam: epsilon is 0; it must be positive"],
])("Adam refuses %o", (options, message) => {
  expect(() => makers.Adam(options)).toThrow(message);
});

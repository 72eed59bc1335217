import { identity, relu, sigmoid, tanh } from "../../src/autodiff/index.js";
import { Adam } from "../../src/kfac/adam.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import { blockTridiagonal } from "../../src/kfac/blockTridiagonal.js";
import { exactTikhonov } from "../../src/kfac/exactTikhonov.js";
import { fullKronecker } from "../../src/kfac/fullKronecker.js";
import { Kfac } from "../../src/kfac/kfac.js";
import type { Optimizer, StepEvent } from "../../src/kfac/optimizer.js";
import { paper, type KfacOptions } from "../../src/kfac/options.js";
import { Sgd } from "../../src/kfac/sgd.js";
import { diagonalFactor } from "../../src/network/diagonalFactor.js";
import { glorot, type Initialize } from "../../src/network/initialize.js";
import { dense, type Activation } from "../../src/network/layer.js";
import type { Loss } from "../../src/network/loss.js";
import { network, type Network } from "../../src/network/network.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import { full, read, tensor } from "../../src/tensor/create.js";
import type { FloatArray } from "../../src/tensor/dtype.js";
import { NumericalError } from "../../src/tensor/errors.js";
import { stream } from "../../src/tensor/random.js";

/* Other faults of numbers are in test/kfac/recovery.test.ts: NaN in the batch, statistics or direction, pivots, divergence. */

const inverses = { blockDiagonal, blockTridiagonal, exactTikhonov, fullKronecker };

/** A training run in which something is wrong with the numbers. */
interface Fault {
  readonly activations?: readonly Activation[];
  /** Of the weights. */
  readonly scale?: number;
  readonly initialize?: Initialize;
  readonly cases?: number;
  /** Input j of case i in place of x, which is N(0, 1). */
  readonly input?: (x: number, i: number, j: number) => number;
  readonly target?: (t: number) => number;
  /** Labels of classes; the loss is softmaxCrossEntropy then, squaredError otherwise. */
  readonly label?: (i: number) => number;
}

interface Outcome {
  readonly objectives: readonly number[];
  readonly events: readonly StepEvent[];
  readonly error: unknown;
}

const INPUTS = 4;
const OUTPUTS = 3;

/** Trains a network of 4 inputs, layers of 5 units and 3 outputs, and checks that every weight stays finite. */
async function train(
  dtype: "float32" | "float64",
  fault: Fault,
  make: (net: Network, loss: Loss) => Optimizer,
  steps = 10,
): Promise<Outcome> {
  const {
    activations = [tanh, identity],
    scale = 1,
    cases = 20,
    input = (x: number) => x,
    target = (t: number) => t,
    label,
  } = fault;
  const initialize: Initialize = (shape, random) => glorot(shape, random).map((w: number) => scale * w);
  const place = { dtype, backend: cpu() };
  const layers = activations.map((activation, i) =>
    dense(i === 0 ? INPUTS : 5, i === activations.length - 1 ? OUTPUTS : 5, activation),
  );
  using net = network(layers, { seed: 1, initialize: fault.initialize ?? initialize, ...place });
  const x = stream(2).normal(cases * INPUTS);
  const inputs = tensor(
    x.map((value, at) => input(value, Math.floor(at / INPUTS), at % INPUTS)),
    { shape: [cases, INPUTS], ...place },
  );
  const targets = label
    ? tensor(
        Float64Array.from({ length: cases }, (_, i) => label(i)),
        place,
      )
    : tensor(
        stream(3)
          .normal(cases * OUTPUTS)
          .map(target),
        { shape: [cases, OUTPUTS], ...place },
      );
  using optimizer = make(net, label ? softmaxCrossEntropy : squaredError);
  const objectives: number[] = [];
  const events: StepEvent[] = [];
  let error: unknown;
  for (let k = 0; k <= steps && error === undefined; k++) {
    const before = await valuesOf(net);
    try {
      const report = await optimizer.step({ inputs, targets });
      objectives.push(report.objective);
      events.push(...report.events);
    } catch (thrown) {
      error = thrown;
      expect(await valuesOf(net)).toEqual(before);
    }
    expect((await valuesOf(net)).every((values) => values.every(Number.isFinite))).toBe(true);
  }
  expect(objectives.every(Number.isFinite)).toBe(true);
  return { objectives, events, error };
}

function valuesOf({ weights }: Network): Promise<FloatArray[]> {
  return Promise.all(weights.map((W) => read(W)));
}

const kfac =
  (options: KfacOptions = {}) =>
  (net: Network, loss: Loss) =>
    new Kfac(net, loss, options);

/** How far h fell: the last over the first. */
function fall({ objectives }: Outcome): number {
  return (objectives.at(-1) ?? NaN) / objectives[0];
}

const everyInverse = Object.keys(inverses) as (keyof typeof inverses)[];
const places = [...everyInverse.map((inverse) => ["float32", inverse] as const), ["float64", "blockDiagonal"] as const];

describe.each(places)("in %s, by %s", (dtype, inverse) => {
  test.each<[string, Fault]>([
    ["inputs that are constant", { input: () => 0.5 }],
    ["cases that are all the same", { input: (_, __, j) => j - 1 }],
    ["features of zero variance, one of them 0", { input: (x, _, j) => [x, 0, 7, x][j] }],
    ["factors of condition 1e15", { input: (x, _, j) => x * 10 ** (-2.5 * j) }],
    ["features that repeat one another", { input: (_, i) => Math.sin(i) }],
    ["a batch of one case", { cases: 1 }],
    ["labels that are all equal", { label: () => 1 }],
    ["sigmoids that are saturated", { activations: [sigmoid, sigmoid, identity], scale: 1e4 }],
    [
      "a layer of dead relus",
      { activations: [relu, identity], initialize: ([d, n], r) => r.uniform(d * n).map((u) => -u), input: Math.abs },
    ],
    ["weights of 1e-20", { scale: 1e-20 }],
  ])("%s: training goes on, and h falls", async (_, fault) => {
    const outcome = await train(dtype, fault, kfac({ inverse: inverses[inverse] }));
    expect(outcome.error).toBeUndefined();
    expect(fall(outcome)).toBeLessThan(1);
  });

  test.each([0, 1e-30])("damping of %s: it is raised where an inverse needs that, and reported", async (lambda) => {
    const dark: Fault = { input: (x, _, j) => (j === 1 ? 0 : x) };
    const outcome = await train(dtype, dark, kfac({ ...paper, lambda, eta: 0, inverse: inverses[inverse] }));
    expect(outcome.error).toBeUndefined();
    const { events } = outcome;
    // 1e-30 damps enough for float64 to invert, but not for float32
    if (lambda === 0 || dtype === "float32")
      expect(events.find(({ kind }) => kind === "damping-raised")?.message).toMatch(/: gamma .* → 0.0001/);
  });
});

describe.each(["float32", "float64"] as const)("in %s", (dtype) => {
  test("a layer whose outputs are dead has no gradient but the bound on its weights: h stays or falls", async () => {
    const initialize: Initialize = ([d, n], r) => r.uniform(d * n).map((u, at) => ((at + 1) % n === 0 ? -5 : u / 100));
    const outcome = await train(dtype, { activations: [tanh, relu], initialize }, kfac());
    expect(outcome.error).toBeUndefined();
    expect(fall(outcome)).toBeLessThanOrEqual(1);
  });

  test("weights of 1e20 train where their squares are finite, and stop the first step with one sentence elsewhere", async () => {
    const outcome = await train(dtype, { scale: 1e20 }, kfac());
    if (dtype === "float64") expect(fall(outcome)).toBeLessThan(1e-2);
    else
      expect(outcome.error).toEqual(
        new NumericalError(
          "kfac: the objective is Infinity in iteration 1; scale the inputs or the initial weights down",
        ),
      );
  });

  test.each<[string, Fault]>([
    ["inputs", { activations: [relu, identity], input: (x) => x * (dtype === "float32" ? 1e25 : 1e180) }],
    ["targets", { target: (t) => t * (dtype === "float32" ? 1e25 : 1e180) }],
  ])("%s whose loss overflows stop the first step with one sentence", async (_, fault) => {
    const { error } = await train(dtype, fault, kfac());
    expect(error).toEqual(
      new NumericalError(
        "kfac: the objective is Infinity in iteration 1; scale the inputs or the initial weights down",
      ),
    );
  });

  test.each<[string, (net: Network, loss: Loss) => Optimizer]>([
    ["sgd", (net, loss) => new Sgd(net, loss, { learningRate: 1e300, momentum: 0.9 })],
    ["adam", (net, loss) => new Adam(net, loss, { learningRate: 1e300 })],
  ])("a learning rate of 1e300 stops %s with one sentence", async (name, make) => {
    const { error } = await train(dtype, {}, make);
    expect(error).toBeInstanceOf(NumericalError);
    expect(String(error)).toMatch(
      new RegExp(`${name}: iteration 1 has objective [\\d.]+ and would give weights of .*; lower the learning rate$`),
    );
  });

  test.each([1e5, 1e15])("a learning rate of %s diverges, but no weight becomes infinite", async (learningRate) => {
    const { error } = await train(dtype, {}, (net, loss) => new Sgd(net, loss, { learningRate }), 100);
    expect(error).toBeInstanceOf(NumericalError);
  });

  test("a gradient whose square overflows stops adam, which would not move otherwise", async () => {
    const fault: Fault = {
      activations: [identity, identity],
      input: (x) => x * (dtype === "float32" ? 1e14 : 1e120),
    };
    const { error } = await train(dtype, fault, (net, loss) => new Adam(net, loss));
    expect(error).toEqual(
      new NumericalError(
        `adam: the squared gradient of iteration 1 is out of the range of ${dtype}; scale the inputs or the initial weights down`,
      ),
    );
  });
});

test("a minimum of the model that is out of the range of the dtype raises the damping", async () => {
  // It claims a Fisher of 1e-320, so that α would be infinite.
  const loss: Loss = { ...squaredError, factor: (z) => diagonalFactor(full(z.shape, 1e-160, z)) };
  const make = (net: Network) => new Kfac(net, loss, { ...paper, lambda: 0, gamma: 1, eta: 0 });
  const { events, error } = await train("float64", {}, make, 1);
  expect(error).toBeUndefined();
  expect(events[0].message).toMatch(
    /^the minimum of the quadratic model is out of the range of float64: gamma 1.00 → /,
  );
});

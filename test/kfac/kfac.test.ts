import { mul } from "../../src/autodiff/index.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import { exactTikhonov } from "../../src/kfac/exactTikhonov.js";
import type { KroneckerFactors } from "../../src/kfac/factors.js";
import { kroneckerFactors } from "../../src/kfac/fisher.js";
import { fisherProducts } from "../../src/kfac/fisherProducts.js";
import type { InverseStrategy } from "../../src/kfac/inverse.js";
import { Kfac, type KfacReport } from "../../src/kfac/kfac.js";
import { forwardBackward } from "../../src/kfac/objective.js";
import { paper, type KfacOptions } from "../../src/kfac/options.js";
import { updatedStatistics } from "../../src/kfac/statistics.js";
import { inner } from "../../src/kfac/vectors.js";
import type { Data } from "../../src/network/batches.js";
import { evaluate } from "../../src/network/evaluate.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { tensor } from "../../src/tensor/create.js";
import { slice } from "../../src/tensor/operations.js";
import { stream } from "../../src/tensor/random.js";
import { holding } from "../../src/tensor/scope.js";
import { share, type Tensor } from "../../src/tensor/tensor.js";
import { places } from "../support/backends.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { along, kron, scaled, plus, type Matrix } from "../support/dense.js";
import { normalTensor, problem, type ProblemOptions } from "../support/problems.js";

/** The first n cases. */
function cut({ inputs, targets }: Data, n: number): Data {
  return { inputs: slice(inputs, [[0, n]]), targets: slice(targets, [[0, n]]) };
}

/** Reports and weights of some steps on one batch. */
async function train(options: KfacOptions, steps: number, of: ProblemOptions = {}) {
  const { net, loss, data } = problem({ loss: sigmoidCrossEntropy, cases: 16, ...of });
  using kfac = new Kfac(net, loss, options);
  const reports: KfacReport[] = [];
  const weights: Matrix[][] = [await rowsOfAll(net.weights)];
  const averages: Matrix[][] = [];
  for (let k = 0; k < steps; k++) {
    reports.push(await kfac.step(data));
    weights.push(await rowsOfAll(net.weights));
    averages.push(await rowsOfAll(kfac.averagedWeights));
  }
  return { reports, weights, averages, net, data, loss };
}

describe("waiting", () => {
  test("an ordinary step waits exactly once, and one that measures ρ twice", async () => {
    const { reports } = await train({ lambda: 1, adaptLambdaEvery: 5, adaptGammaEvery: 8, invertEvery: 4 }, 20);
    reports.forEach(({ waits, iteration, rho, events }) => {
      expect(waits).toBe(iteration % 5 === 0 ? 2 : 1);
      expect(rho !== undefined).toBe(iteration % 5 === 0);
      expect(events.map(({ kind }) => kind)).toEqual(iteration % 8 === 0 ? ["gamma-searched"] : []);
    });
  });

  test("a calibrating step says how often it waited", async () => {
    const { reports } = await train({}, 2);
    expect(reports[0].waits).toBe(2);
    expect(reports[1].waits).toBe(1);
  });
});

describe.each(places)("determinism, $name", ({ backend, dtype }) => {
  test.each([
    ["defaults", {}],
    ["paper", paper],
    ["exactTikhonov", { inverse: exactTikhonov, lambda: 1 }],
  ] as const)("%s: the same seed gives the same bits", async (_, options) => {
    const run = (seed: number) =>
      train({ ...options, seed, adaptGammaEvery: 4, invertEvery: 4 }, 6, { backend, dtype });
    const [once, again, other] = [await run(1), await run(1), await run(2)];
    expect(again.reports).toEqual(once.reports);
    expect(again.weights).toEqual(once.weights);
    expect(other.weights).not.toEqual(once.weights);
  });
});

describe("training", () => {
  test.each([
    ["with its defaults", {}, { loss: sigmoidCrossEntropy }],
    ["by the paper's options", { ...paper, lambda: 1 }, { loss: sigmoidCrossEntropy }],
    ["with exactTikhonov", { inverse: exactTikhonov }, { loss: softmaxCrossEntropy }],
    ["with six layers", {}, { sizes: [3, 4, 4, 4, 4, 4, 2], loss: softmaxCrossEntropy }],
    ["in float32", {}, { dtype: "float32" }],
    ["with squared error", {}, {}],
  ] as const)("%s lowers the objective", async (_, options, of) => {
    const { reports } = await train(options, 20, { sizes: [3, 6, 2], ...of });
    const [first, last] = [reports[0].objective, reports[19].objective];
    expect(last).toBeLessThan(first - 0.02 * Math.abs(first));
    expect(Number.isFinite(last)).toBe(true);
  });

  test("objective is the loss plus η/2 ‖θ‖²", async () => {
    const { reports, weights } = await train({ lambda: 1, eta: 0.1 }, 3);
    reports.forEach(({ loss, objective }, k) => {
      const squares = weights[k].flat(2).reduce((sum, w) => sum + w * w, 0);
      expectClose(objective, loss + 0.05 * squares);
    });
  });

  test("lambda and gamma report what the step used, and the optimizer's own what the next will", async () => {
    const { net, loss, data } = problem({ loss: sigmoidCrossEntropy });
    using kfac = new Kfac(net, loss, { lambda: 1, eta: 0, adaptLambdaEvery: 1, adaptGammaEvery: 2 });
    for (let k = 1; k <= 6; k++) {
      const before = { lambda: kfac.lambda, gamma: kfac.gamma };
      const { lambda, gamma, rho = NaN, iteration } = await kfac.step(data);
      expect(lambda).toBe(before.lambda);
      if (k % 2 === 1) expect(gamma).toBe(before.gamma);
      expect(kfac.gamma).toBe(gamma);
      expectClose(kfac.lambda, rho > 0.75 ? 0.95 * lambda : rho < 0.25 ? lambda / 0.95 : lambda, 1e-14);
      expect(iteration).toBe(k);
      expect(kfac.iteration).toBe(k);
    }
  });
});

describe("averagedWeights", () => {
  test("are θ̄ ← ξθ̄ + (1 − ξ)θ with ξ = min(1 − 1/k, 0.9)", async () => {
    const { weights, averages } = await train({ lambda: 1, averaging: 0.9 }, 15);
    let average = weights[1];
    averages.forEach((actual, index) => {
      const k = index + 1;
      const xi = Math.min(1 - 1 / k, 0.9);
      average = average.map((W, i) => plus(scaled(W, xi), weights[k][i], 1 - xi));
      expectClose(actual.flat(), average.flat());
    });
  });

  test("are the model's own before the first step, and always without averaging", async () => {
    const { net, loss } = problem();
    expect(await rowsOfAll(new Kfac(net, loss).averagedWeights)).toEqual(await rowsOfAll(net.weights));
    const { weights, averages } = await train({ lambda: 1, averaging: 0 }, 3);
    expect(averages).toEqual(weights.slice(1));
  });

  test("are fresh handles: disposing of them leaves the average alone", async () => {
    const { net, loss, data } = problem();
    using kfac = new Kfac(net, loss, { lambda: 1 });
    await kfac.step(data);
    const before = await rowsOfAll(kfac.averagedWeights);
    for (const W of kfac.averagedWeights) W.dispose();
    expect(await rowsOfAll(kfac.averagedWeights)).toEqual(before);
  });

  test("can be evaluated in the model's place", async () => {
    const { net, loss, data } = problem();
    using kfac = new Kfac(net, loss, { lambda: 1 });
    await kfac.step(data);
    await kfac.step(data);
    const averaged = await evaluate(net, loss, data, kfac.averagedWeights);
    expect(averaged.loss).not.toBe((await evaluate(net, loss, data)).loss);
  });
});

describe("fractions of the batch", () => {
  /** The identity for an inverse, keeping what it was prepared with. */
  function spy(): { inverse: InverseStrategy; prepared: { factors: Matrix[]; gradient?: Tensor[] }[] } {
    const prepared: { factors: Matrix[] }[] = [];
    const pending: Promise<void>[] = [];
    const inverse: InverseStrategy = (factors) => {
      pending.push(
        rowsOfAll(factors.diagonal.flatMap(({ A, G }) => [A, G])).then((all) => void prepared.push({ factors: all })),
      );
      return holding((V: readonly Tensor[]) => V.map(share), []);
    };
    return { inverse, prepared };
  }

  const base = { ...paper, fisher: "exact", lambda: 0.5, eta: 0 } satisfies KfacOptions;

  test.each([
    [1 / 8, 2],
    [0.3, 4],
    [0.99, 15],
    [1, 16],
    [0.01, 1],
  ])("statisticsFraction %s of 16 cases: statistics of the first %i alone", async (statisticsFraction, n) => {
    const { net, loss, data } = problem({ loss: softmaxCrossEntropy, cases: 16 });
    const expected = await rowsOfAll(
      kroneckerFactors(net, loss, cut(data, n), { fisher: "exact" }).diagonal.flatMap(({ A, G }) => [A, G]),
    );
    const { inverse, prepared } = spy();
    await new Kfac(net, loss, { ...base, inverse, statisticsFraction }).step(data);
    expectClose(prepared[0].factors.flat(), expected.flat());
  });

  test.each(["sampled", "curvature-propagation", "empirical"] as const)(
    "%s statistics on a fraction are those of the batch cut there, drawn alike",
    async (fisher) => {
      const { net, loss, data } = problem({ loss: softmaxCrossEntropy, cases: 16 });
      const settings = { fisher, pairs: "diagonal" } as const;
      const of = async (batch: Data, fraction: number): Promise<Matrix[]> => {
        const pass = forwardBackward(net, loss, batch, 0);
        const factors: KroneckerFactors = updatedStatistics(undefined, pass, loss, 1, {
          ...settings,
          fraction,
          random: stream(3),
        });
        return rowsOfAll(factors.diagonal.flatMap(({ A, G }) => [A, G]));
      };
      expectClose((await of(data, 1 / 4)).flat(), (await of(cut(data, 4), 1)).flat(), 1e-14);
    },
  );

  test("empirical statistics on a fraction take labels too", async () => {
    const { net, data, loss } = problem({ loss: softmaxCrossEntropy, cases: 16 });
    const targets = tensor(Float64Array.from({ length: 16 }, (_, i) => i % 2));
    const { inverse, prepared } = spy();
    await new Kfac(net, loss, { ...base, inverse, fisher: "empirical", statisticsFraction: 0.25 }).step({
      ...data,
      targets,
    });
    const expected = kroneckerFactors(
      problem({ loss: softmaxCrossEntropy, cases: 16 }).net,
      loss,
      cut({ ...data, targets }, 4),
      {
        fisher: "empirical",
      },
    );
    expectClose(prepared[0].factors.flat(), (await rowsOfAll(expected.diagonal.flatMap(({ A, G }) => [A, G]))).flat());
  });

  test.each([
    [1 / 4, 4],
    [0.7, 11],
    [1, 16],
    [0.01, 1],
  ])("modelFraction %s of 16 cases: α by the Fisher of the first %i, ∇h of all", async (modelFraction, n) => {
    const { net, loss, data } = problem({ loss: sigmoidCrossEntropy, cases: 16 });
    const { gradient } = forwardBackward(net, loss, data, 0);
    const [[gg]] = await rows(inner(gradient, gradient));
    const [[gFg]] = await rows(fisherProducts(net, loss, cut(data, n).inputs, [gradient]));
    const { inverse } = spy();
    const { alpha } = await new Kfac(net, loss, { ...base, inverse, modelFraction }).step(data);
    expectClose(alpha, gg / (gFg + 0.5 * gg));
  });
});

describe("the norm constraint", () => {
  test("bounds δᵀFδ of every step, and shortens no step that is within it", async () => {
    const bound = 1e-3;
    const { net, loss, data } = problem({ loss: sigmoidCrossEntropy, cases: 16 });
    using kfac = new Kfac(net, loss, { lambda: 0.1, normConstraint: bound, adaptGammaEvery: 3 });
    let shortened = 0;
    for (let k = 0; k < 12; k++) {
      const before = net.weights;
      const old = await rowsOfAll(before);
      const { events, rho = 0 } = await kfac.step(data);
      const step = (await rowsOfAll(net.weights)).map((W, i) => plus(W, old[i], -1));
      const handles = step.map((V) => tensor(V, { dtype: "float64" }));
      const at = problem({ loss: sigmoidCrossEntropy, cases: 16 }).net;
      at.setWeights(before);
      const [[curvature]] = await rows(fisherProducts(at, loss, data.inputs, [handles]));
      expect(curvature).toBeLessThan(bound * (1 + 1e-9));
      const notes = events.filter(({ kind }) => kind === "step-constrained");
      expect(notes.length).toBeLessThanOrEqual(1);
      if (notes.length === 1 && rho >= 0) expectClose(curvature, bound, 1e-9);
      shortened += notes.length;
    }
    expect(shortened).toBeGreaterThan(0);
  });

  test("an infinite one changes nothing", async () => {
    const free = await train({ lambda: 1 }, 6);
    expect((await train({ lambda: 1, normConstraint: Infinity }, 6)).reports).toEqual(free.reports);
  });
});

describe("calibration", () => {
  test.each([1, 2])("λ starts at the mean of the diagonal of F̃ (seed %i)", async (seed) => {
    const { net, loss, data } = problem({ loss: sigmoidCrossEntropy, cases: 16, seed });
    const diagonal: number[] = [];
    for (const { A, G } of kroneckerFactors(net, loss, data, { fisher: "exact" }).diagonal)
      diagonal.push(...kron(await rows(A), await rows(G)).map((row, i) => row[i]));
    using kfac = new Kfac(net, loss, { ...paper, fisher: "exact", statisticsFraction: 1, lambda: "calibrate" });
    expect(kfac.lambda).toBeNaN();
    const { lambda, events } = await kfac.step(data);
    expectClose(lambda, diagonal.reduce((sum, x) => sum + x, 0) / diagonal.length);
    expect(events).toMatchObject([{ kind: "calibrated" }]);
  });

  test("of inputs, or outputs, in other units scales with the curvature", async () => {
    const lambdaFor = async (scale: number) => {
      const { net, loss, data } = problem({ sizes: [3, 2] });
      // Without the bias's 1, F̃ would scale exactly.
      using kfac = new Kfac(net, loss, { fisher: "exact", statisticsFraction: 1 });
      return (await kfac.step({ ...data, inputs: mul(data.inputs, scale) })).lambda;
    };
    const [small, large] = [await lambdaFor(1e3), await lambdaFor(1e5)];
    expectClose(large / small, 1e4, 1e-4);
  });

  test("a curvature of 0 says nothing: λ starts at 1", async () => {
    const { net, loss, data } = problem({ activation: (s) => mul(s, 0), sizes: [3, 4, 2] });
    using kfac = new Kfac(net, { ...loss, sample: (z) => z }, { fisher: "sampled" });
    expect((await kfac.step(data)).lambda).toBe(1);
  });

  test("then the step is that of the λ it took", async () => {
    const calibrated = await train({}, 4);
    const given = await train({ lambda: calibrated.reports[0].lambda }, 4);
    expect(given.weights).toEqual(calibrated.weights);
  });

  test("happens once, and starts γ at √(λ + η) unless it is given", async () => {
    const { reports } = await train({ eta: 1e-3 }, 6);
    expect(reports.flatMap(({ events }) => events).filter(({ kind }) => kind === "calibrated")).toHaveLength(1);
    expectClose(reports[0].gamma, Math.sqrt(reports[0].lambda + 1e-3), 1e-14);
    expect((await train({ gamma: 0.25 }, 1)).reports[0].gamma).toBe(0.25);
  });
});

test("the first step's α is reproduced by hand from the identity as inverse", async () => {
  const { net, loss, data } = problem({ cases: 9 });
  const { gradient } = forwardBackward(net, loss, data, 0);
  const [g] = [(await rowsOfAll(gradient)).flat(2)];
  const before = (await rowsOfAll(net.weights)).flat(2);
  const identity: InverseStrategy = () => holding((V: readonly Tensor[]) => V.map(share), []);
  const { alpha } = await new Kfac(net, loss, {
    ...paper,
    lambda: 1,
    eta: 0,
    inverse: identity,
    modelFraction: 1,
  }).step(data);
  expectClose((await rowsOfAll(net.weights)).flat(2), along(before, g, -alpha));
});

test("a strategy that ignores γ is not searched", async () => {
  const { reports } = await train({ lambda: 1, inverse: exactTikhonov, adaptGammaEvery: 2, invertEvery: 2 }, 4);
  expect(reports.flatMap(({ events }) => events)).toEqual([]);
  const searched = await train({ lambda: 1, inverse: blockDiagonal, adaptGammaEvery: 2, invertEvery: 2 }, 4);
  expect(searched.reports.flatMap(({ events }) => events).map(({ kind }) => kind)).toEqual([
    "gamma-searched",
    "gamma-searched",
  ]);
});

test("the inverse is prepared in the first three iterations and then every T₃", async () => {
  const prepared: number[] = [];
  const { net, loss } = problem();
  using kfac = new Kfac(net, loss, {
    lambda: 1,
    adaptGammaEvery: 0,
    adaptLambdaEvery: 0,
    invertEvery: 5,
    inverse: (factors, damping) => {
      prepared.push(kfac.iteration + 1);
      return blockDiagonal(factors, damping);
    },
  });
  for (let k = 0; k < 16; k++)
    await kfac.step({ inputs: normalTensor([8, 3], k), targets: normalTensor([8, 2], 50 + k) });
  expect(prepared).toEqual([1, 2, 3, 5, 10, 15]);
});

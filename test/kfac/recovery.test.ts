import { add, mul } from "../../src/autodiff/index.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import type { InverseStrategy } from "../../src/kfac/inverse.js";
import { Kfac, type KfacReport } from "../../src/kfac/kfac.js";
import { paper, type KfacOptions } from "../../src/kfac/options.js";
import type { Data } from "../../src/network/batches.js";
import { diagonalFactor } from "../../src/network/diagonalFactor.js";
import { evaluate } from "../../src/network/evaluate.js";
import type { Loss } from "../../src/network/loss.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { full, tensor, zeros } from "../../src/tensor/create.js";
import { NumericalError } from "../../src/tensor/errors.js";
import { slice } from "../../src/tensor/operations.js";
import { holding } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { expectClose, rowsOfAll } from "../support/close.js";
import { normalTensor, problem, tensorOf } from "../support/problems.js";

const float64 = { dtype: "float64" } as const;

function kinds({ events }: KfacReport): string[] {
  return events.map(({ kind }) => kind);
}

/** ½‖z − t‖² that claims a Fisher of b²I: too small a b makes steps too long. */
function misjudged(b: number): Loss {
  return { ...squaredError, factor: (z) => diagonalFactor(full(z.shape, b, z)) };
}

/** An inverse that fails a number of times, then is blockDiagonal. */
function failing(times: number): InverseStrategy {
  let left = times;
  return (factors, damping) => {
    if (left-- > 0) throw new NumericalError("blockDiagonal: pivot 0 is not positive; add damping");
    return blockDiagonal(factors, damping);
  };
}

describe("a factor that cannot be inverted", () => {
  test("a pixel that is always 0, without damping: damping is raised until it can, and reported", async () => {
    const { net, loss, data } = problem();
    const dark = mul(data.inputs, tensorOf([[1, 0, 1]]));
    using kfac = new Kfac(net, loss, { ...paper, lambda: 0, eta: 0, statisticsFraction: 1 });
    const report = await kfac.step({ ...data, inputs: dark });
    expect(new Set(kinds(report))).toEqual(new Set(["damping-raised"]));
    expect(report.events[0].message).toMatch(/pivot 1 of a .* is .*, not positive.*: gamma 0\.00 → /);
    expect(report.lambda).toBeGreaterThan(0);
    expect(report.lambda).toBe(kfac.lambda);
    expect(report.gamma).toBe(kfac.gamma);
    expect(report.waits).toBe(1 + report.events.length);
  });

  test("every failure makes λ and γ² tenfold", async () => {
    const { net, loss, data } = problem();
    using kfac = new Kfac(net, loss, { ...paper, lambda: 1, inverse: failing(3) });
    const report = await kfac.step(data);
    expect(kinds(report)).toEqual(["damping-raised", "damping-raised", "damping-raised"]);
    expectClose([report.lambda, report.gamma], [1e3, Math.sqrt(1e3 * (1 + 1e-5))]);
  });

  test("after twelve the step gives up in one sentence, and nothing has changed", async () => {
    const { net, loss, data } = problem();
    const before = await rowsOfAll(net.weights);
    using kfac = new Kfac(net, loss, { ...paper, lambda: 1, inverse: failing(Infinity) });
    await expect(kfac.step(data)).rejects.toThrow(NumericalError);
    await expect(kfac.step(data)).rejects.toThrow(
      /^kfac: no damping up to gamma 1\.00e\+6 helps: blockDiagonal: pivot 0 is not positive; add damping$/,
    );
    expect([kfac.lambda, kfac.gamma, kfac.iteration]).toEqual([1, Math.sqrt(1 + 1e-5), 0]);
    expect(await rowsOfAll(net.weights)).toEqual(before);
  });

  test("an error that is no numerical failure is not recovered from", async () => {
    const { net, loss, data } = problem();
    const broken: InverseStrategy = () => {
      throw new TypeError("a bug");
    };
    await expect(new Kfac(net, loss, { lambda: 1, inverse: broken }).step(data)).rejects.toThrow("a bug");
    await expect(new Kfac(net, loss, { lambda: "calibrate", inverse: broken }).step(data)).rejects.toThrow("a bug");
  });

  test("a direction that is NaN has no minimum: damping is raised", async () => {
    const { net, loss, data } = problem();
    const sometimes: InverseStrategy = (factors, damping) =>
      (damping.gamma ?? 0) > 2
        ? blockDiagonal(factors, damping)
        : holding((V: readonly Tensor[]) => V.map((Vi) => mul(Vi, NaN)), []);
    const report = await new Kfac(net, loss, { ...paper, lambda: 1, inverse: sometimes }).step(data);
    expect(kinds(report)).toEqual(["damping-raised"]);
    expect(report.events[0].message).toMatch(/^the quadratic model has no minimum along the proposed direction: gamma/);
    expect(report.waits).toBe(2);
  });
});

describe("statistics that are not finite", () => {
  /** Samples NaN in the steps named, counted by its calls. */
  function sickIn(steps: readonly number[]): Loss {
    let calls = 0;
    return {
      ...squaredError,
      sample: (z, random) => {
        calls++;
        return steps.includes(calls) ? full(z.shape, NaN, z) : squaredError.sample(z, random);
      },
    };
  }

  test("are skipped where an inverse is due, and those before are kept", async () => {
    const { net, data } = problem();
    using kfac = new Kfac(net, sickIn([2]), { ...paper, lambda: 1 });
    await kfac.step(data);
    expect(kinds(await kfac.step(data))).toEqual(["statistics-skipped", "damping-raised"]);
    expect(kinds(await kfac.step(data))).toEqual([]);
  });

  test("are skipped where none is due, so that they do not poison the average", async () => {
    const { net, data } = problem();
    using kfac = new Kfac(net, sickIn([5]), { ...paper, lambda: 1, adaptGammaEvery: 0, invertEvery: 7 });
    const reports: KfacReport[] = [];
    for (let k = 1; k <= 8; k++) reports.push(await kfac.step(data));
    expect(reports.map(kinds)).toEqual([[], [], [], [], ["statistics-skipped"], [], [], []]);
  });

  test("in the first step leave nothing to fall back on: it says so and changes nothing", async () => {
    const { net, data } = problem();
    const before = await rowsOfAll(net.weights);
    await expect(new Kfac(net, sickIn([1]), { ...paper, lambda: 1 }).step(data)).rejects.toThrow(
      /^kfac: no damping up to gamma .* helps: .*(NaN|finite)/,
    );
    expect(await rowsOfAll(net.weights)).toEqual(before);
  });
});

describe("a step that raises the objective", () => {
  const options = { ...paper, lambda: 0.01, eta: 0, adaptLambdaEvery: 1, adaptGammaEvery: 0, modelFraction: 1 };

  test("is rejected where rejection is on: the weights stay, λ and γ grow, momentum starts anew", async () => {
    const { net, data } = problem();
    using kfac = new Kfac(net, misjudged(0.01), { ...options, rejection: true });
    const before = await rowsOfAll(net.weights);
    const report = await kfac.step(data);
    expect(kinds(report)).toEqual(["step-rejected"]);
    expect(report.rho).toBeLessThan(0);
    expect([report.alpha, report.mu]).toEqual([0, 0]);
    expect(await rowsOfAll(net.weights)).toEqual(before);
    expect(kfac.lambda).toBeCloseTo(report.lambda / 0.95, 12);
    expect(kfac.gamma).toBeGreaterThan(report.gamma);
    expect((await kfac.step(data)).mu).toBe(0);
  });

  test("prepares the inverse afresh for the γ it was answered with", async () => {
    const { net, data } = problem();
    const gammas: number[] = [];
    using kfac = new Kfac(net, misjudged(0.01), {
      ...options,
      rejection: true,
      invertEvery: 100,
      inverse: (factors, damping) => {
        gammas.push(damping.gamma ?? NaN);
        return blockDiagonal(factors, damping);
      },
    });
    const reported: number[] = [];
    for (let k = 0; k < 6; k++) reported.push((await kfac.step(data)).gamma);
    expect(gammas).toEqual(reported);
  });

  test("stands where rejection is off", async () => {
    const { net, data } = problem();
    using kfac = new Kfac(net, misjudged(0.01), options);
    const before = await rowsOfAll(net.weights);
    const report = await kfac.step(data);
    expect(kinds(report)).toEqual([]);
    expect(report.rho).toBeLessThan(0);
    expect(await rowsOfAll(net.weights)).not.toEqual(before);
  });

  test("an objective that is NaN or infinite after the step counts as raised", async () => {
    const { net, data } = problem();
    using kfac = new Kfac(net, misjudged(1e-100), { ...options, lambda: 0, gamma: 1, rejection: true });
    const before = await rowsOfAll(net.weights);
    const report = await kfac.step(data);
    expect(kinds(report)).toEqual(["step-rejected"]);
    expect(Number.isFinite(report.rho)).toBe(false);
    expect(await rowsOfAll(net.weights)).toEqual(before);
  });
});

describe("an objective that is infinite at the start of a step", () => {
  // The first step leads to weights of 1e200; ρ is not measured, so nobody notices until the next.
  const options = { ...paper, lambda: 0, gamma: 1, eta: 0, adaptLambdaEvery: 0, modelFraction: 1, averaging: 0.9 };

  test("takes back the step before it, raises the damping, and goes on from there", async () => {
    const { net, data } = problem();
    const loss = misjudged(1e-100);
    const other = problem({ seed: 2 }).data;
    const { loss: expected } = await evaluate(net, loss, other);
    using kfac = new Kfac(net, loss, options);
    await kfac.step(data);
    expect(Math.max(...(await rowsOfAll(net.weights)).flat(2).map(Math.abs))).toBeGreaterThan(1e100);
    const report = await kfac.step(other);
    expect(kinds(report)).toEqual(["step-undone", "damping-raised"]);
    expectClose(report.objective, expected);
    expect(report.lambda).toBe(1e-8);
    expectClose(report.gamma, Math.sqrt(10));
    expect(report.mu).toBe(0);
  });

  test("takes the undone weights out of the average too", async () => {
    const { net, data } = problem();
    using kfac = new Kfac(net, misjudged(1e-100), options);
    await kfac.step(data);
    await kfac.step(data);
    const weights = (await rowsOfAll(net.weights)).flat(2);
    const average = (await rowsOfAll(kfac.averagedWeights)).flat(2);
    const largest = (values: number[]) => Math.max(...values.map(Math.abs));
    expect(largest(weights)).toBeLessThan(1e50);
    expect(largest(average)).toBeLessThanOrEqual(largest(weights));
  });

  test("where that does not help either, throws and leaves all as it was", async () => {
    const run = async (disturbed: boolean) => {
      const { net, data } = problem();
      using kfac = new Kfac(net, misjudged(1e-100), options);
      await kfac.step(data);
      const before = await rowsOfAll(net.weights);
      if (disturbed) {
        const blinding = { ...data, targets: mul(data.targets, 1e200) };
        await expect(kfac.step(blinding)).rejects.toThrow(
          "kfac: the objective is Infinity in iteration 2; scale the inputs or the initial weights down",
        );
        expect(await rowsOfAll(net.weights)).toEqual(before);
      }
      const reports = [await kfac.step(data), await kfac.step(data)];
      return { reports, weights: await rowsOfAll(net.weights), average: await rowsOfAll(kfac.averagedWeights) };
    };
    expect(await run(true)).toEqual(await run(false));
  });

  test("in the first step, where there is nothing to take back, throws one sentence", async () => {
    for (const lambda of [1, "calibrate"] as const) {
      const { net, loss, data } = problem();
      await expect(
        new Kfac(net, loss, { lambda }).step({ ...data, targets: full([7, 2], 1e200, float64) }),
      ).rejects.toThrow("kfac: the objective is Infinity in iteration 1; scale the inputs or the initial weights down");
    }
  });
});

test("a Δ collinear with δ₀ drops the momentum and says so", async () => {
  const { net, loss } = problem({ sizes: [1, 1] });
  // Only the bias ever moves, so all directions are one.
  const dark = zeros([3, 1], float64);
  using kfac = new Kfac(net, loss, { ...paper, lambda: 1, eta: 0 });
  await kfac.step({ inputs: dark, targets: normalTensor([3, 1], 1) });
  const report = await kfac.step({ inputs: dark, targets: normalTensor([3, 1], 2) });
  expect(kinds(report)).toEqual(["momentum-dropped"]);
  expect(report.mu).toBe(0);
  expect(report.alpha).not.toBe(0);
});

test("a gradient of zero is stationary: a step of length zero, and the next goes on", async () => {
  const { net, loss, data } = problem();
  const solved = { ...data, targets: net.predict(data.inputs) };
  using kfac = new Kfac(net, loss, { ...paper, lambda: 1, eta: 0, adaptLambdaEvery: 1 });
  const before = await rowsOfAll(net.weights);
  const report = await kfac.step(solved);
  expect(kinds(report)).toEqual(["stationary"]);
  expect([report.alpha, report.mu, report.objective, report.rho]).toEqual([0, 0, 0, undefined]);
  expect(await rowsOfAll(net.weights)).toEqual(before);
  const next = await kfac.step(data);
  expect(kinds(next)).toEqual([]);
  expect(next.alpha).not.toBe(0);
});

describe("a step that throws leaves the model and the optimizer as they were", () => {
  const bad: Record<string, (data: Data) => { batch: Data; message: RegExp }> = {
    "inputs of another width": (data) => ({
      batch: { ...data, inputs: normalTensor([7, 4], 1) },
      message: /^dense: the layer takes 3 inputs a case, but was given \[7×4\]$/,
    }),
    "inputs that are no matrix": (data) => ({
      batch: { ...data, inputs: normalTensor([7], 1) },
      message: /^step: inputs must be \[cases×features\] with at least one case, not \[7\]$/,
    }),
    "no cases": (data) => ({
      batch: { inputs: slice(data.inputs, [[0, 0]]), targets: slice(data.targets, [[0, 0]]) },
      message: /^step: inputs must be \[cases×features\] with at least one case, not \[0×3\]$/,
    }),
    "fewer targets than inputs": (data) => ({
      batch: { ...data, targets: slice(data.targets, [[0, 6]]) },
      message: /^step: inputs \[7×3\] and targets \[6×2\] differ in cases$/,
    }),
    "targets of another width": (data) => ({
      batch: { ...data, targets: normalTensor([7, 3], 1) },
      message:
        /^softmaxCrossEntropy: targets \[7×3\] do not fit outputs \[7×2\]; give one row a case, or one label a case$/,
    }),
    "float32 inputs": (data) => ({
      batch: { ...data, inputs: normalTensor([7, 3], 1, { dtype: "float32" }) },
      message: /^step: batch and model: dtypes float32 and float64 differ; convert one with to\(t, \{ dtype \}\)$/,
    }),
    "a NaN pixel": (data) => ({
      batch: { ...data, inputs: add(data.inputs, tensorOf([[0, NaN, 0]])) },
      message: /^kfac: the batch holds NaN or infinite inputs or targets; clean the data$/,
    }),
    "an infinite pixel": (data) => ({
      batch: { ...data, inputs: add(data.inputs, tensorOf([[0, Infinity, 0]])) },
      message: /^kfac: the batch holds NaN or infinite inputs or targets; clean the data$/,
    }),
    "a NaN target": (data) => ({
      batch: { ...data, targets: mul(data.targets, NaN) },
      message: /^kfac: the batch holds NaN or infinite inputs or targets; clean the data$/,
    }),
    "a label of k": (data) => ({
      batch: { ...data, targets: tensor([0, 1, 2, 0, 1, 0, 1], float64) },
      message:
        /^kfac: the batch holds 1 targets that softmaxCrossEntropy does not take; they must be probabilities that sum to 1 in each row, or labels 0 … k−1$/,
    }),
    "a negative label": (data) => ({
      batch: { ...data, targets: tensor([0, 1, -1, 0, 1, 0, -1], float64) },
      message: /^kfac: the batch holds 2 targets that softmaxCrossEntropy does not take/,
    }),
    "a fraction for a label": (data) => ({
      batch: { ...data, targets: tensor([0, 1, 0.5, 0, 1, 0, 1], float64) },
      message: /^kfac: the batch holds 1 targets that softmaxCrossEntropy does not take/,
    }),
    "rows that do not sum to 1": (data) => ({
      batch: { ...data, targets: mul(data.targets, 2) },
      message: /^kfac: the batch holds 7 targets that softmaxCrossEntropy does not take/,
    }),
  };

  const settings: [string, KfacOptions][] = [
    ["calibrating", { adaptLambdaEvery: 2, adaptGammaEvery: 3, invertEvery: 3 }],
    ["with λ given", { ...paper, lambda: 1, adaptLambdaEvery: 2, adaptGammaEvery: 3, invertEvery: 3 }],
  ];

  describe.each(settings)("%s", (_, options) => {
    test.each(Object.keys(bad))("%s", async (name) => {
      const run = async (disturbed: boolean) => {
        const { net, loss, data } = problem({ loss: softmaxCrossEntropy });
        using kfac = new Kfac(net, loss, options);
        const reports: KfacReport[] = [];
        for (let k = 0; k < 5; k++) {
          if (disturbed) {
            const { batch, message } = bad[name](data);
            await expect(kfac.step(batch)).rejects.toThrow(message);
          }
          reports.push(await kfac.step(data));
        }
        return { reports, weights: await rowsOfAll(net.weights), average: await rowsOfAll(kfac.averagedWeights) };
      };
      expect(await run(true)).toEqual(await run(false));
    });
  });

  test.each([1.5, -0.5])("a Bernoulli target of %s is refused", async (value) => {
    const { net, data } = problem({ loss: sigmoidCrossEntropy });
    await expect(
      new Kfac(net, sigmoidCrossEntropy).step({ ...data, targets: full([7, 2], value, float64) }),
    ).rejects.toThrow(
      "kfac: the batch holds 14 targets that sigmoidCrossEntropy does not take; they must be probabilities in 0 … 1",
    );
  });
});

test("a second step before the first is done is refused, and the first is not disturbed", async () => {
  const run = async (disturbed: boolean) => {
    const { net, loss, data } = problem();
    using kfac = new Kfac(net, loss, { lambda: 1 });
    const first = kfac.step(data);
    if (disturbed)
      await expect(kfac.step(data)).rejects.toThrow("kfac: a step is still running; await it before the next");
    return [await first, await kfac.step(data)];
  };
  expect(await run(true)).toEqual(await run(false));
});

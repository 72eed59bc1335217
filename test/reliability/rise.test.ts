import { mul } from "../../src/autodiff/index.js";
import { Kfac, type KfacReport } from "../../src/kfac/kfac.js";
import { paper } from "../../src/kfac/options.js";
import { diagonalFactor } from "../../src/network/diagonalFactor.js";
import { evaluate } from "../../src/network/evaluate.js";
import type { Loss } from "../../src/network/loss.js";
import { squaredError } from "../../src/network/squaredError.js";
import { full } from "../../src/tensor/create.js";
import { expectClose, rowsOfAll } from "../support/close.js";
import { problem } from "../support/problems.js";

/** Claims a ten-thousandth of the Fisher, so that steps are far too long. */
const misjudged: Loss = { ...squaredError, factor: (z) => diagonalFactor(full(z.shape, 0.01, z)) };

/** h is never measured after a step. */
const options = { ...paper, lambda: 0.01, eta: 0, adaptLambdaEvery: 0, adaptGammaEvery: 0, modelFraction: 1 };

function kinds({ events }: KfacReport): string[] {
  return events.map(({ kind }) => kind);
}

describe("a step that more than doubled h is found by the next", () => {
  test("and undone, with more damping", async () => {
    const { net, data } = problem();
    const start = await evaluate(net, misjudged, data);
    using kfac = new Kfac(net, misjudged, { ...options, rejection: true });
    await kfac.step(data);
    expect((await evaluate(net, misjudged, data)).loss).toBeGreaterThan(2 * start.loss);
    const report = await kfac.step(data);
    expect(kinds(report)).toEqual(["step-undone", "damping-raised"]);
    expect(report.events[0].message).toMatch(
      /^kfac: the objective is [\d.e+]+ in iteration 2, and [\d.]+ without the last step; the weights are back where/,
    );
    expectClose([report.objective, report.lambda], [start.loss, 0.1]);
  });

  test("so that training comes down from where it began", async () => {
    const { net, data } = problem();
    const start = await evaluate(net, misjudged, data);
    using kfac = new Kfac(net, misjudged, { ...options, rejection: true });
    for (let k = 0; k < 30; k++) await kfac.step(data);
    expect((await evaluate(net, misjudged, data)).loss).toBeLessThan(start.loss);
  });

  test("but stands where rejection is off", async () => {
    const { net, data } = problem();
    using kfac = new Kfac(net, misjudged, options);
    await kfac.step(data);
    expect(kinds(await kfac.step(data))).toEqual([]);
  });
});

test("a batch whose h is large with and without the last step undoes nothing: one wait more, and the same step", async () => {
  const run = async (rejection: boolean) => {
    const { net, loss, data } = problem();
    using kfac = new Kfac(net, loss, { ...options, lambda: 10, rejection });
    await kfac.step(data);
    const report = await kfac.step({ ...data, targets: mul(data.targets, 10) });
    return { report, weights: await rowsOfAll(net.weights) };
  };
  const [looked, trusted] = [await run(true), await run(false)];
  expect(looked.report).toEqual({ ...trusted.report, waits: trusted.report.waits + 1 });
  expect(looked.weights).toEqual(trusted.weights);
});

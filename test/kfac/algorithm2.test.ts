import { tanh } from "../../src/autodiff/index.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import { blockTridiagonal } from "../../src/kfac/blockTridiagonal.js";
import { Kfac } from "../../src/kfac/kfac.js";
import { paper, type KfacOptions } from "../../src/kfac/options.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { plainKfac } from "../support/plainKfac.js";
import {
  plainIdentity,
  PlainProblem,
  plainSigmoidCrossEntropy,
  plainSoftmaxCrossEntropy,
  plainSquaredError,
  plainTanh,
} from "../support/plainNetwork.js";
import { normalTensor, problem, targetsFor, lawPlaces } from "../support/problems.js";

const losses = [
  { name: "squaredError", loss: squaredError, plain: plainSquaredError },
  { name: "sigmoidCrossEntropy", loss: sigmoidCrossEntropy, plain: plainSigmoidCrossEntropy },
  { name: "softmaxCrossEntropy", loss: softmaxCrossEntropy, plain: plainSoftmaxCrossEntropy },
];

const settings: { name: string; lambda?: number; options: KfacOptions }[] = [
  { name: "T₁ = 2, T₂ = 4, T₃ = 2", options: { adaptLambdaEvery: 2, adaptGammaEvery: 4, invertEvery: 2 } },
  { name: "everything every step", options: { adaptLambdaEvery: 1, adaptGammaEvery: 1, invertEvery: 1 } },
  { name: "strong damping", lambda: 150, options: { adaptLambdaEvery: 1, adaptGammaEvery: 3, invertEvery: 3 } },
  { name: "weak damping", lambda: 0.01, options: { adaptLambdaEvery: 1, adaptGammaEvery: 5, invertEvery: 5 } },
  { name: "no momentum", options: { momentum: false, adaptLambdaEvery: 2, adaptGammaEvery: 6, invertEvery: 3 } },
  { name: "a rare refresh", options: { adaptLambdaEvery: 3, adaptGammaEvery: 7, invertEvery: 7 } },
];

const approximations = [
  { approximation: "F̆", inverse: blockDiagonal, sizes: [2, 3, 2], settings },
  { approximation: "F̂", inverse: blockTridiagonal, sizes: [2, 3, 2, 2], settings: settings.slice(0, 3) },
] as const;

describe.each(lawPlaces)("Kfac.step, $name", ({ backend }) => {
  const place = { backend };

  describe.each(approximations)("by $approximation", ({ approximation, inverse, sizes, settings }) => {
    describe.each(losses)("is Algorithm 2 as plain loops compute it, under $name", ({ loss, plain }) => {
      test.each(settings)("$name: weights, α, μ, λ, γ and ρ of 10 steps", async ({ lambda: start = 1, options }) => {
        const { net } = problem({ sizes, activation: tanh, loss, backend });
        const activations = net.weights.map((_, i) => (i === net.weights.length - 1 ? plainIdentity : plainTanh));
        const [iterations, cases] = [10, 6];
        const batches = Array.from({ length: iterations }, (_, k) => ({
          inputs: normalTensor([cases, 2], 100 + k, place),
          targets: targetsFor(loss, [cases, 2], 200 + k, place),
        }));
        const all = { ...paper, eta: 1e-3, ...options };
        const expected = plainKfac(
          new PlainProblem(activations, plain, all.eta),
          await rowsOfAll(net.weights),
          await Promise.all(
            batches.map(async ({ inputs, targets }) => ({ inputs: await rows(inputs), targets: await rows(targets) })),
          ),
          start,
          { ...all, approximation },
        );

        using kfac = new Kfac(net, loss, {
          ...all,
          inverse,
          lambda: start,
          fisher: "exact",
          statisticsFraction: 1,
          modelFraction: 1,
        });
        const lambdas = new Set<number>();
        for (const [k, batch] of batches.entries()) {
          const report = await kfac.step(batch);
          const { objective, alpha, mu, lambda, gamma, rho, weights } = expected[k];
          expect(report.iteration).toBe(k + 1);
          expectClose([report.objective, report.alpha, report.lambda, report.gamma], [objective, alpha, lambda, gamma]);
          expectClose(report.mu + 1, mu + 1);
          expect(report.rho === undefined).toBe(rho === undefined);
          if (rho !== undefined) expectClose(report.rho ?? NaN, rho);
          expectClose((await rowsOfAll(net.weights)).flat(), weights.flat());
          lambdas.add(lambda);
        }
        expect(lambdas.size).toBeGreaterThan(1);
      });
    });
  });
});

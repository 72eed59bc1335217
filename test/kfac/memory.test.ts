import { Adam } from "../../src/kfac/adam.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import { blockTridiagonal } from "../../src/kfac/blockTridiagonal.js";
import { ExactNaturalGradient } from "../../src/kfac/exactNaturalGradient.js";
import { exactTikhonov } from "../../src/kfac/exactTikhonov.js";
import { fullKronecker } from "../../src/kfac/fullKronecker.js";
import { Kfac } from "../../src/kfac/kfac.js";
import type { KfacOptions } from "../../src/kfac/options.js";
import type { Optimizer } from "../../src/kfac/optimizer.js";
import { Sgd } from "../../src/kfac/sgd.js";
import { diagonalFactor } from "../../src/network/diagonalFactor.js";
import { squaredError } from "../../src/network/squaredError.js";
import type { Loss } from "../../src/network/loss.js";
import { full } from "../../src/tensor/create.js";
import { countingBackend } from "../support/countingBackend.js";
import { problem, type Problem } from "../support/problems.js";

type Make = (of: Problem) => Optimizer;

const kfac =
  (options: KfacOptions = {}): Make =>
  ({ net, loss }) =>
    new Kfac(net, loss, { adaptLambdaEvery: 2, adaptGammaEvery: 6, invertEvery: 3, ...options });

const optimizers: [string, Make][] = [
  ["Kfac", kfac()],
  [
    "Kfac by blockDiagonal, without averaging or momentum",
    kfac({ inverse: blockDiagonal, averaging: 0, momentum: false }),
  ],
  ["Kfac by exactTikhonov", kfac({ inverse: exactTikhonov })],
  ["Kfac by blockTridiagonal", kfac({ inverse: blockTridiagonal })],
  ["Kfac by fullKronecker", kfac({ inverse: fullKronecker })],
  ["Kfac with the exact Fisher", kfac({ fisher: "exact" })],
  ["Kfac by curvature propagation, on fractions", kfac({ fisher: "curvature-propagation", modelFraction: 0.3 })],
  ["Kfac with the empirical Fisher", kfac({ fisher: "empirical" })],
  ["Kfac under a norm constraint", kfac({ lambda: 1, normConstraint: 1e-4 })],
  ["Sgd", ({ net, loss }) => new Sgd(net, loss, { learningRate: 0.01 })],
  ["Sgd with momentum", ({ net, loss }) => new Sgd(net, loss, { learningRate: 0.01, momentum: 0.9, nesterov: true })],
  ["Adam", ({ net, loss }) => new Adam(net, loss)],
  ["ExactNaturalGradient", ({ net, loss }) => new ExactNaturalGradient(net, loss, { lambda: 0.1 })],
];

describe("memory stays flat", () => {
  test.each(optimizers)("over many steps of %s, and disposing gives back the rest", async (_, make) => {
    const backend = countingBackend();
    const of = problem({ backend, cases: 9 });
    const before = backend.live;
    const optimizer = make(of);
    const live: number[] = [];
    for (let k = 0; k < 30; k++) {
      const { events } = await optimizer.step(of.data);
      if (!events.some(({ kind }) => kind === "step-rejected")) live.push(backend.live);
    }
    // The first step has no step before it. The inverse of K-FAC keeps the factors that it was prepared from: a second set, until it is new.
    expect(new Set(live.slice(2)).size).toBe(optimizer instanceof Kfac ? 2 : 1);
    optimizer[Symbol.dispose]();
    expect(backend.live).toBe(before);
  });

  test.each(optimizers)("over steps of %s that throw", async (_, make) => {
    const backend = countingBackend();
    const of = problem({ backend, cases: 9 });
    using optimizer = make(of);
    const bad = { ...of.data, targets: of.data.inputs };
    for (let k = 0; k < 3; k++) await optimizer.step(of.data);
    const before = backend.live;
    for (let k = 0; k < 3; k++) await expect(optimizer.step(bad)).rejects.toThrow(/do not fit/);
    expect(backend.live).toBe(before);
  });

  test("over steps that are rejected, and steps that are undone", async () => {
    // Claims too small a Fisher, so that steps are far too long.
    const loss = (b: number): Loss => ({ ...squaredError, factor: (z) => diagonalFactor(full(z.shape, b, z)) });
    for (const [b, options] of [
      [0.01, { lambda: 0.01, adaptLambdaEvery: 1 }],
      [1e-100, { lambda: 0, gamma: 1, eta: 0, adaptLambdaEvery: 0 }],
    ] as const) {
      const backend = countingBackend();
      const of = problem({ backend, cases: 9 });
      const before = backend.live;
      const optimizer = kfac(options)({ ...of, loss: loss(b) });
      const happened = new Set<string>();
      let most = 0;
      for (let k = 0; k < 30; k++) {
        for (const { kind } of (await optimizer.step(of.data)).events) happened.add(kind);
        if (k < 15) most = Math.max(most, backend.live);
        else expect(backend.live).toBeLessThanOrEqual(most);
      }
      expect(happened).toContain(b === 0.01 ? "step-rejected" : "step-undone");
      optimizer[Symbol.dispose]();
      expect(backend.live).toBe(before);
    }
  });
});

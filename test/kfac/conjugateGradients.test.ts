import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import { blockTridiagonal } from "../../src/kfac/blockTridiagonal.js";
import { denseFisher, denseInverse } from "../../src/kfac/dense.js";
import { exactTikhonov } from "../../src/kfac/exactTikhonov.js";
import { kroneckerFactors } from "../../src/kfac/fisher.js";
import { fullKronecker } from "../../src/kfac/fullKronecker.js";
import { Kfac } from "../../src/kfac/kfac.js";
import { paper, type KfacOptions } from "../../src/kfac/options.js";
import type { Network } from "../../src/network/network.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { conjugateGradients } from "../support/conjugateGradients.js";
import { along, identity, matrix, plus, solve, stacked, times, type Matrix } from "../support/dense.js";
import { normalTensor, problem, tensorOf, lawPlaces } from "../support/problems.js";

/** Nothing adapts: the quadratic and its preconditioner stay as they are. */
const fixed = {
  ...paper,
  fisher: "exact",
  adaptLambdaEvery: 0,
  adaptGammaEvery: 0,
  statisticsFraction: 1,
  modelFraction: 1,
} satisfies KfacOptions;

async function theta(net: Network): Promise<number[]> {
  return stacked(await rowsOfAll(net.weights));
}

describe.each(lawPlaces)("on a fixed quadratic, $name", ({ backend }) => {
  const place = { backend };

  /** Squared error of one linear layer: h(θ) = ½(θ − θ*)ᵀ(F + ηI)(θ − θ*) + constant. F is the same everywhere. */
  function linear() {
    const of = problem({ sizes: [5, 3], cases: 20, backend });
    return { ...of, shapes: of.net.weights.map((W) => W.shape) };
  }

  function gradientAt(data: { X: Matrix; T: Matrix }, W: Matrix, eta: number): Matrix {
    const aBars = data.X.map((x) => [...x, 1]);
    const g = aBars.map((aBar, n) => times(W, aBar).map((z, c) => z - data.T[n][c]));
    return matrix(
      W.length,
      W[0].length,
      (i, j) => aBars.reduce((sum, aBar, n) => sum + g[n][i] * aBar[j], 0) / aBars.length + eta * W[i][j],
    );
  }

  test.each([
    ["blockDiagonal", blockDiagonal],
    ["exactTikhonov", exactTikhonov],
    ["blockTridiagonal", blockTridiagonal],
    ["fullKronecker", fullKronecker],
  ] as const)("law 14: α–μ momentum with %s is preconditioned conjugate gradients", async (_, inverse) => {
    const { net, loss, data, shapes } = linear();
    // The preconditioner has another damping than the quadratic (γ² or λ apart), or all would be over in one step.
    const eta = 0.1;
    const gamma = 0.9;
    const lambdaOfPreconditioner = 3;
    const [X, T] = [await rows(data.inputs), await rows(data.targets)];
    const start = await theta(net);
    const F = await rows(denseFisher(net, loss, data.inputs));
    const K = plus(F, identity(F.length), eta);
    const [W] = await rowsOfAll(net.weights);
    const g = stacked([gradientAt({ X, T }, W, eta)]);
    const factors = kroneckerFactors(net, loss, data, { fisher: "exact" });
    const stronger: typeof blockDiagonal = (of, damping) => inverse(of, { ...damping, lambda: lambdaOfPreconditioner });
    const P = await rows(denseInverse(stronger(factors, { gamma, eta }), shapes, net.weights[0]));
    // h = ½θᵀKθ + bᵀθ with Kθ₀ + b = ∇h(θ₀).
    const b = along(g, times(K, start), -1);
    const iterations = 8;
    const expected = conjugateGradients(K, b, P, start, iterations);

    using kfac = new Kfac(net, loss, { ...fixed, inverse: stronger, lambda: 0, eta, gamma });
    for (let k = 0; k < iterations; k++) {
      const { mu } = await kfac.step(data);
      if (k > 0) expect(mu).not.toBe(0);
      expectClose(await theta(net), expected[k], 1e-9);
    }
  });

  test("law 14: without momentum it is something else, and slower", async () => {
    const run = async (momentum: boolean) => {
      const { net, loss, data } = linear();
      using kfac = new Kfac(net, loss, { ...fixed, lambda: 0, gamma: 0.9, eta: 0.1, momentum });
      let objective = NaN;
      for (let k = 0; k < 6; k++) ({ objective } = await kfac.step(data));
      return objective;
    };
    const [pcg, descent] = [await run(true), await run(false)];
    expect(pcg).toBeLessThan(descent);
  });

  test("law 14: an exact preconditioner makes α = 1, μ = 0, and one step reach the minimum", async () => {
    const { net, loss, data } = linear();
    const eta = 0.1;
    const F = await rows(denseFisher(net, loss, data.inputs));
    const [W] = await rowsOfAll(net.weights);
    const g = stacked([gradientAt({ X: await rows(data.inputs), T: await rows(data.targets) }, W, eta)]);
    const minimum = along(await theta(net), solve(plus(F, identity(F.length), eta), g), -1);
    using kfac = new Kfac(net, loss, { ...fixed, inverse: exactTikhonov, lambda: 0, eta });
    const { alpha, mu } = await kfac.step(data);
    expectClose([alpha, mu], [1, 0]);
    expectClose(await theta(net), minimum, 1e-9);
  });

  test("law 14: with an exact preconditioner δ₀ has no say either (μ = 0 in every later step)", async () => {
    const { net, loss, data } = linear();
    using kfac = new Kfac(net, loss, { ...fixed, inverse: exactTikhonov, lambda: 0.5, eta: 0.1 });
    for (let k = 0; k < 4; k++) {
      // Another target every step, so that Δ and δ₀ are not collinear.
      const targets = normalTensor(data.targets.shape, 50 + k, place);
      const { alpha, mu } = await kfac.step({ ...data, targets });
      expectClose([alpha, 1 + mu], [1, 1], 1e-9);
    }
  });

  describe("law 24: ρ = 1 on a quadratic with λ = 0", () => {
    test.each([
      ["damped", true],
      ["undamped", false],
    ])("%s reduction", async (_, dampedReduction) => {
      const { net, loss, data } = linear();
      using kfac = new Kfac(net, loss, {
        ...fixed,
        lambda: 0,
        gamma: 0.5,
        eta: 0.1,
        adaptLambdaEvery: 1,
        dampedReduction,
      });
      for (let k = 0; k < 4; k++) {
        const { rho, lambda } = await kfac.step(data);
        expectClose(rho ?? NaN, 1, 1e-9);
        expect(lambda).toBe(0);
      }
    });

    test("with λ > 0 the undamped reduction still gives ρ = 1, and the damped one a larger ρ", async () => {
      const rhoOf = async (dampedReduction: boolean) => {
        const { net, loss, data } = linear();
        using kfac = new Kfac(net, loss, { ...fixed, lambda: 2, eta: 0.1, adaptLambdaEvery: 1, dampedReduction });
        return (await kfac.step(data)).rho ?? NaN;
      };
      expectClose(await rhoOf(false), 1, 1e-10);
      expect(await rhoOf(true)).toBeGreaterThan(1.05);
    });
  });

  test("conjugate gradients, the reference, solve a system of n unknowns in n iterations", () => {
    const A = matrix(4, 4, (i, j) => 1 / (i + j + 1) + Number(i === j));
    const b = [1, -2, 3, 0.5];
    const last = conjugateGradients(A, b, identity(4), [0, 0, 0, 0], 4)[3];
    expectClose(
      last,
      solve(A, b).map((x) => -x),
    );
    expect(tensorOf(A, place).shape).toEqual([4, 4]);
  });
});

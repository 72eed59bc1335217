import { add, matmul, sigmoid, tanh } from "../../src/autodiff/index.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import { blockTridiagonal } from "../../src/kfac/blockTridiagonal.js";
import { ExactNaturalGradient } from "../../src/kfac/exactNaturalGradient.js";
import { factorsFrom } from "../../src/kfac/factors.js";
import { kroneckerFactors } from "../../src/kfac/fisher.js";
import { fullKronecker } from "../../src/kfac/fullKronecker.js";
import type { InverseStrategy } from "../../src/kfac/inverse.js";
import { Kfac } from "../../src/kfac/kfac.js";
import { forwardBackward } from "../../src/kfac/objective.js";
import type { Optimizer } from "../../src/kfac/optimizer.js";
import { paper, type KfacOptions } from "../../src/kfac/options.js";
import { Sgd } from "../../src/kfac/sgd.js";
import { dense, type Activation } from "../../src/network/layer.js";
import type { Loss } from "../../src/network/loss.js";
import type { Model } from "../../src/network/model.js";
import { network } from "../../src/network/network.js";
import { squaredError } from "../../src/network/squaredError.js";
import type { Initialize } from "../../src/network/initialize.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { cholesky, identity, inverse, product, scaled, stacked, transposed } from "../support/dense.js";
import { identityActivation, lawPlaces, normalTensor, tensorOf } from "../support/problems.js";
import {
  carriedBack,
  randomReparametrisation,
  Reparametrised,
  type Reparametrisation,
} from "../support/reparametrised.js";

const ofLayers = [1, 2, 3, 4, 5, 6];
const inverses: [string, InverseStrategy][] = [
  ["F̆ (blockDiagonal)", blockDiagonal],
  ["F̂ (blockTridiagonal)", blockTridiagonal],
  ["F̃ (fullKronecker)", fullKronecker],
];

/** No damping of any kind, and nothing that adapts. */
const undamped = {
  ...paper,
  fisher: "exact",
  lambda: 0,
  gamma: 0,
  eta: 0,
  adaptLambdaEvery: 0,
  adaptGammaEvery: 0,
  invertEvery: 1,
  statisticsFraction: 1,
  modelFraction: 1,
} satisfies KfacOptions;

/** Weights large enough for tanh to be no line, so that no factor is nearly singular. */
const large: Initialize = ([dOut, columns], random) => random.normal(dOut * columns).map((w) => 1.5 * w);

describe.each(lawPlaces)("law 16: invariance to W = Φ W† Ω (§10), $name", ({ backend }) => {
  const place = { backend, dtype: "float64" } as const;

  describe.each(inverses)("the undamped update by %s is the same", (_, prepare) => {
    test.each(ofLayers)("U = Φ U† Ω, %i layers", async (count) => {
      // What all layers share, and noise of their own: no factor is singular.
      const shared = normalTensor([40, 3], count, place);
      const correlated = (d: number, seed: number) =>
        add(matmul(shared, normalTensor([3, d], seed, place)), normalTensor([40, d], seed + 100, place));
      const widths = [3, 2, 3, 2, 4, 2].slice(0, count);
      const aBars = widths.map((d, i) => correlated(d + 1, 10 + i));
      const gs = widths.map((d, i) => correlated(d, 20 + i));
      const V = widths.map((d, i) => normalTensor([d, d + 1], 30 + i, place));
      const change = await randomReparametrisation(
        V.map((Vi) => Vi.shape),
        count,
      );
      // ā† = Ωā, g† = Φᵀg and V† = ΦᵀVΩᵀ.
      const [Omega, Phi] = [change.Omega, change.Phi].map((all) => all.map((matrix) => tensorOf(matrix, place)));
      const factors = factorsFrom(aBars, gs, { pairs: "all" });
      const factorsThere = factorsFrom(
        aBars.map((aBar, i) => matmul(aBar, Omega[i], { transposeB: true })),
        gs.map((g, i) => matmul(g, Phi[i])),
        { pairs: "all" },
      );
      const VThere = V.map((Vi, i) => matmul(matmul(Phi[i], Vi, { transposeA: true }), Omega[i], { transposeB: true }));
      using here = prepare(factors, {});
      using there = prepare(factorsThere, {});
      expectClose(stacked(carriedBack(change, await rowsOfAll(there(VThere)))), stacked(await rowsOfAll(here(V))));
    });
  });

  /** A network and its reparametrisation, which compute the same function. */
  async function twoOf(sizes: readonly number[], { cases = 40, seed = 1, loss = squaredError } = {}) {
    const last = sizes.length - 2;
    const activations: Activation[] = sizes.slice(1).map((_, i) => (i === last ? identityActivation : tanh));
    const net = network(
      activations.map((activation, i) => dense(sizes[i], sizes[i + 1], activation, large)),
      { seed, ...place },
    );
    const data = {
      inputs: normalTensor([cases, sizes[0]], seed + 1000, place),
      targets: normalTensor([cases, sizes[last + 1]], seed + 2000, place),
    };
    const change = await randomReparametrisation(
      net.weights.map((W) => W.shape),
      seed,
    );
    const there = new Reparametrised(await rowsOfAll(net.weights), activations, change, place);
    return { net, there, data, change, loss };
  }

  test.each(ofLayers)("A† = Ω A Ωᵀ, G† = Φᵀ G Φ and ∇h† = Φᵀ ∇h Ωᵀ, %i layers", async (count) => {
    const { net, there, data, change, loss } = await twoOf([3, 2, 3, 2, 4, 2, 3].slice(0, count + 1));
    const [factors, factorsThere] = [net, there].map((model: Model) =>
      kroneckerFactors(model, loss, data, { fisher: "exact", pairs: "all" }),
    );
    const { Omega, Phi } = change;
    for (let i = 0; i < count; i++)
      for (let j = i; j < count; j++) {
        const [A, G, AThere, GThere] = await rowsOfAll(
          [factors.block(i, j), factorsThere.block(i, j)].flatMap(({ A, G }) => [A, G]),
        );
        expectClose(AThere, product(product(Omega[i], A), transposed(Omega[j])));
        expectClose(GThere, product(product(transposed(Phi[i]), G), Phi[j]));
      }
    const [g, gThere] = await Promise.all(
      [net, there].map((model: Model) => rowsOfAll(forwardBackward(model, loss, data, 0).gradient)),
    );
    gThere.forEach((gi, i) => expectClose(gi, product(product(transposed(Phi[i]), g[i]), transposed(Omega[i]))));
  });

  /** The same optimizer on both networks for some steps: the relative distance of W from Φ W† Ω, and whether anything moved. */
  async function difference(make: (model: Model, loss: Loss) => Optimizer, sizes: readonly number[], steps = 4) {
    const { net, there, data, change, loss } = await twoOf(sizes);
    const start = stacked(await rowsOfAll(net.weights));
    using here = make(net, loss);
    using other = make(there, loss);
    for (let k = 0; k < steps; k++) {
      const [report, reportThere] = [await here.step(data), await other.step(data)];
      if (k === 0) expectClose(reportThere.loss, report.loss);
    }
    const W = stacked(await rowsOfAll(net.weights));
    const back = stacked(carriedBack(change, await rowsOfAll(there.weights)));
    const distance = (x: number[], y: number[]) => Math.hypot(...x.map((xi, i) => xi - y[i])) / Math.hypot(...x);
    expect(distance(W, start)).toBeGreaterThan(1e-3);
    return distance(W, back);
  }

  // Deeper ones are as invariant, but G is so near to singular that rounding shows.
  const networks = [
    { name: "3-2", sizes: [3, 2] },
    { name: "3-3-2", sizes: [3, 3, 2] },
    { name: "3-3-3-2", sizes: [3, 3, 3, 2] },
    { name: "3-3-3-3-2", sizes: [3, 3, 3, 3, 2] },
  ];

  describe.each(inverses)("undamped K-FAC by %s trains both networks alike", (_, inverse) => {
    test.each(networks)("$name", async ({ sizes }) => {
      const make = (model: Model, loss: Loss) => new Kfac(model, loss, { ...undamped, inverse });
      expect(await difference(make, sizes)).toBeLessThan(1e-10);
    });

    test("and damped K-FAC does not", async () => {
      const damped = { ...undamped, inverse, gamma: 0.1 };
      const make = (model: Model, loss: Loss) => new Kfac(model, loss, damped);
      expect(await difference(make, [3, 3, 2])).toBeGreaterThan(1e-4);
    });
  });

  test.each(networks.slice(0, 2))("the exact natural gradient trains both networks alike: $name", async ({ sizes }) => {
    const make = (model: Model, loss: Loss) => new ExactNaturalGradient(model, loss, { learningRate: 0.3 });
    expect(await difference(make, sizes)).toBeLessThan(1e-10);
  });

  test("gradient descent does not", async () => {
    const make = (model: Model, loss: Loss) => new Sgd(model, loss, { learningRate: 0.05 });
    expect(await difference(make, [3, 3, 2])).toBeGreaterThan(1e-3);
  });

  test.each(inverses)("so sigmoid or tanh makes no difference to undamped K-FAC by %s", async (_, inverse) => {
    const { net, data } = await twoOf([3, 3, 2]);
    const layers = [dense(3, 3, sigmoid, large), dense(3, 2, identityActivation, large)];
    const logistic = network(layers, { seed: 1, ...place });
    // 2σ(2s) − 1 = tanh(s): Φ₁ = 2I, and Ω₁ doubles and shifts by −1.
    const shift = identity(4).map((row, i) => (i < 3 ? [...row.slice(0, 3).map((x) => 2 * x), -1] : row));
    const change = { Omega: [identity(4), shift], Phi: [scaled(identity(3), 2), identity(2)] };
    const carried = new Reparametrised(await rowsOfAll(logistic.weights), [sigmoid, identityActivation], change, place);
    net.setWeights(carried.weights);
    using kfac = new Kfac(logistic, squaredError, { ...undamped, inverse });
    using same = new Kfac(net, squaredError, { ...undamped, inverse });
    for (let k = 0; k < 4; k++) {
      const [report, reportThere] = [await kfac.step(data), await same.step(data)];
      expectClose([reportThere.loss, reportThere.alpha], [report.loss, report.alpha], 1e-8);
    }
    const back = carriedBack(change, await rowsOfAll(net.weights));
    expectClose(stacked(back), stacked(await rowsOfAll(logistic.weights)), 1e-8);
  });

  test("so the undamped step by F̆ is gradient descent where ā and g are white (Ω = L_A⁻¹, Φ = L_G⁻ᵀ)", async () => {
    const { net, data, loss } = await twoOf([3, 3, 2]);
    const factors = kroneckerFactors(net, loss, data, { fisher: "exact" });
    const white: Reparametrisation = {
      Omega: (await rowsOfAll(factors.diagonal.map(({ A }) => A))).map((A) => inverse(cholesky(A))),
      Phi: (await rowsOfAll(factors.diagonal.map(({ G }) => G))).map((G) => transposed(inverse(cholesky(G)))),
    };
    const there = new Reparametrised(await rowsOfAll(net.weights), [tanh, identityActivation], white, place);
    for (const { A, G } of kroneckerFactors(there, loss, data, { fisher: "exact" }).diagonal) {
      expectClose(await rows(A), identity(A.shape[0]));
      expectClose(await rows(G), identity(G.shape[0]));
    }
    const gradient = await rowsOfAll(forwardBackward(there, loss, data, 0).gradient);
    using apply = blockDiagonal(factors, {});
    const U = apply(forwardBackward(net, loss, data, 0).gradient);
    expectClose(stacked(carriedBack(white, gradient)), stacked(await rowsOfAll(U)));
  });
});

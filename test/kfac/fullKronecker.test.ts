import { dampingRatios } from "../../src/kfac/damping.js";
import { denseInverse, denseKroneckerFisher } from "../../src/kfac/dense.js";
import { kroneckerFactors } from "../../src/kfac/fisher.js";
import { dampedFactors, fullKronecker, fullKroneckerProduct } from "../../src/kfac/fullKronecker.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import type { Loss } from "../../src/network/loss.js";
import { NumericalError } from "../../src/tensor/errors.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { identity, inverse, kron, plus, solve, stacked, times } from "../support/dense.js";
import {
  plainIdentity,
  PlainProblem,
  plainSigmoidCrossEntropy,
  plainSoftmaxCrossEntropy,
  plainSquaredError,
  plainTanh,
  type PlainLoss,
} from "../support/plainNetwork.js";
import { assembled, kroneckerGrid } from "../support/plainTridiagonal.js";
import { direction, lawPlaces, problem } from "../support/problems.js";

const ofLayers = [1, 2, 3, 4, 5, 6];
const losses = [
  { name: "squaredError", loss: squaredError, plain: plainSquaredError },
  { name: "sigmoidCrossEntropy", loss: sigmoidCrossEntropy, plain: plainSigmoidCrossEntropy },
  { name: "softmaxCrossEntropy", loss: softmaxCrossEntropy, plain: plainSoftmaxCrossEntropy },
];
const GAMMA = 0.3;

describe.each(lawPlaces)("the full F̃, $name", ({ backend }) => {
  /** A network of 1 to 6 layers, its moments of all pairs, and the same with plain loops over cases: F̃ damped by γ. */
  async function layersOf(count: number, loss: Loss, plain: PlainLoss) {
    const of = problem({ sizes: [3, 2, 3, 2, 4, 2, 3].slice(0, count + 1), loss, cases: 12, backend });
    const factors = kroneckerFactors(of.net, loss, of.data, { fisher: "exact", pairs: "all" });
    const activations = of.net.weights.map((_, i) => (i === count - 1 ? plainIdentity : plainTanh));
    const plainly = new PlainProblem(activations, plain);
    const [weights, X] = [await rowsOfAll(of.net.weights), await rows(of.data.inputs)];
    const layers = activations.map((_, i) => i);
    const blocks = layers.map((i) => layers.map((j) => plainly.factors(weights, X, i, j)));
    const F = (gamma: number) => assembled(kroneckerGrid(count, (i, j) => blocks[i][j], gamma));
    return { ...of, factors, F, shapes: of.net.weights.map((W) => W.shape) };
  }

  describe.each(losses)("under $name", ({ loss, plain }) => {
    test.each(ofLayers)(
      "its product (F̃V)ᵢ = Σⱼ Gᵢⱼ Vⱼ Āᵢ₋₁,ⱼ₋₁ᵀ is that of the dense matrix, %i layers",
      async (count) => {
        const { factors, net, F } = await layersOf(count, loss, plain);
        const V = direction(net, 1);
        expectClose(
          stacked(await rowsOfAll(fullKroneckerProduct(factors, V))),
          times(F(0), stacked(await rowsOfAll(V))),
        );
      },
    );

    test.each(ofLayers)("law 6: its dense form is that of plain loops, raw and damped, %i layers", async (count) => {
      const { factors, F } = await layersOf(count, loss, plain);
      expectClose(await rows(denseKroneckerFisher(factors)), F(0));
      expectClose(await rows(denseKroneckerFisher(dampedFactors(factors, { gamma: GAMMA }))), F(GAMMA));
    });

    test.each(ofLayers)("fullKronecker is the dense inverse of the damped F̃, %i layers", async (count) => {
      const { factors, net, shapes, F } = await layersOf(count, loss, plain);
      using apply = fullKronecker(factors, { gamma: GAMMA });
      expectClose(await rows(denseInverse(apply, shapes, net.weights[0])), inverse(F(GAMMA)));
    });

    test("fullKronecker undoes the product with the damped F̃", async () => {
      const { factors, net } = await layersOf(4, loss, plain);
      const V = direction(net, 1);
      using apply = fullKronecker(factors, { gamma: GAMMA });
      expectClose(
        stacked(await rowsOfAll(apply(fullKroneckerProduct(dampedFactors(factors, { gamma: GAMMA }), V)))),
        stacked(await rowsOfAll(V)),
      );
    });
  });

  test("dampedFactors takes π as it is given, and leaves the factors it was given alone", async () => {
    const { factors } = await layersOf(3, squaredError, plainSquaredError);
    const before = await Promise.all(factors.diagonal.map(({ A }) => rows(A)));
    const pi = dampingRatios(factors, "largest-eigenvalue");
    const ratios = (await rowsOfAll(pi)).flat(2);
    const damped = dampedFactors(factors, { pi, gamma: GAMMA });
    for (const [i, { A, G }] of damped.diagonal.entries()) {
      const [rawA, rawG] = [await rows(factors.diagonal[i].A), await rows(factors.diagonal[i].G)];
      expectClose(await rows(A), plus(rawA, identity(rawA.length), ratios[i] * GAMMA));
      expectClose(await rows(G), plus(rawG, identity(rawG.length), GAMMA / ratios[i]));
    }
    for (const [i, { A, G }] of damped.neighbours.entries())
      expectClose(
        kron(await rows(A), await rows(G)),
        kron(await rows(factors.neighbours[i].A), await rows(factors.neighbours[i].G)),
      );
    damped.dispose();
    expect(await Promise.all(factors.diagonal.map(({ A }) => rows(A)))).toEqual(before);
  });

  test("undamped, with one layer, Gaussian outputs and enough cases, it is F̃⁻¹ itself", async () => {
    const { factors, net, F } = await layersOf(1, squaredError, plainSquaredError);
    const V = direction(net, 1);
    using apply = fullKronecker(factors, {});
    expectClose(stacked(await rowsOfAll(apply(V))), solve(F(0), stacked(await rowsOfAll(V))), 1e-9);
  });

  test("a singular F̃ throws NumericalError that says what to do, and γ cures it", async () => {
    const { net, loss, data } = problem({ sizes: [4, 3, 2], cases: 2, backend });
    const factors = kroneckerFactors(net, loss, data, { fisher: "exact", pairs: "all" });
    expect(() => fullKronecker(factors, {})).toThrow(NumericalError);
    expect(() => fullKronecker(factors, {})).toThrow(/not positive.*add damping/);
    using apply = fullKronecker(factors, { gamma: 0.1 });
    for (const value of stacked(await rowsOfAll(apply(direction(net, 1))))) expect(value).toBeLessThan(Infinity);
  });

  test("moments of neighbours alone are refused with the remedy", () => {
    const { net, loss, data } = problem({ sizes: [2, 2, 2, 2], backend });
    const factors = kroneckerFactors(net, loss, data, { pairs: "neighbours" });
    const message = /no block \(0, 2\) of 3 layers; pairs are "neighbours", ask for .*"all"/;
    expect(() => fullKronecker(factors, { gamma: 1 })).toThrow(message);
    expect(() => fullKroneckerProduct(factors, direction(net, 1))).toThrow(message);
  });
});

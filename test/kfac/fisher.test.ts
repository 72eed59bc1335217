import { add, grad, hvp, jacobian, mul, relu, sum, variable } from "../../src/autodiff/index.js";
import { denseFisher, denseInverse, denseKroneckerFisher, unvec, vec } from "../../src/kfac/dense.js";
import { factorsFrom } from "../../src/kfac/factors.js";
import { kroneckerFactors } from "../../src/kfac/fisher.js";
import type { Loss } from "../../src/network/loss.js";
import { outputOf } from "../../src/network/model.js";
import { backpropagate } from "../../src/network/preactivationGradients.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { slice } from "../../src/tensor/operations.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { expectClose, numbers, rows, rowsOfAll } from "../support/close.js";
import {
  average,
  block,
  eigenvalues,
  frobenius,
  identity,
  plus,
  product,
  scaled,
  stacked,
  transposed,
  type Matrix,
} from "../support/dense.js";
import {
  plainIdentity,
  PlainProblem,
  plainSigmoidCrossEntropy,
  plainSoftmax,
  plainSoftmaxCrossEntropy,
  plainSquaredError,
  plainTanh,
} from "../support/plainNetwork.js";
import { identityActivation, normalTensor, problem, tensorOf, type Problem, lawPlaces } from "../support/problems.js";

const losses = [
  { name: "squaredError", loss: squaredError, plain: plainSquaredError },
  { name: "sigmoidCrossEntropy", loss: sigmoidCrossEntropy, plain: plainSigmoidCrossEntropy },
  { name: "softmaxCrossEntropy", loss: softmaxCrossEntropy, plain: plainSoftmaxCrossEntropy },
];

/** 3-2-3-2-…: networks of 1 to 6 layers. */
function sizesOf(layers: number): number[] {
  return Array.from({ length: layers + 1 }, (_, i) => 3 - (i % 2));
}

/** The outputs as a function of one vector of all parameters, columns stacked. */
function outputs({ net }: Problem, inputs: Tensor): { f: (theta: Tensor) => Tensor; theta: Tensor } {
  const shapes = net.layers.map((layer) => layer.weightShape);
  return { f: (theta) => outputOf(net.apply(unvec(theta, shapes), inputs)), theta: vec(net.weights) };
}

describe.each(lawPlaces)("the Fisher, $name", ({ backend }) => {
  const place = { backend };

  describe("dense references", () => {
    test("vec stacks columns, layer after layer, and unvec undoes it", async () => {
      const V = [normalTensor([2, 3], 1, place), normalTensor([3, 2], 2, place)];
      expect(await numbers(vec(V))).toEqual(stacked(await rowsOfAll(V)));
      const shapes = V.map((Vi) => Vi.shape);
      expect(await rowsOfAll(unvec(vec(V), shapes))).toEqual(await rowsOfAll(V));
    });

    test.each(losses)("denseFisher is E[Jᵀ Hess J] by a loop over cases, under $name", async ({ loss, plain }) => {
      const { net, data } = problem({ sizes: [3, 2, 3], loss, backend });
      const plainly = new PlainProblem([plainTanh, plainIdentity], plain);
      expectClose(
        await rows(denseFisher(net, loss, data.inputs)),
        plainly.fisher(await rowsOfAll(net.weights), await rows(data.inputs)),
      );
    });

    test("denseKroneckerFisher has Āᵢ₋₁,ⱼ₋₁ ⊗ Gᵢⱼ in block (i, j)", async () => {
      const { net, loss, data } = problem({ sizes: [2, 3, 2, 2], backend });
      const factors = kroneckerFactors(net, loss, data, { fisher: "exact", pairs: "all" });
      const plainly = new PlainProblem([plainTanh, plainTanh, plainIdentity], plainSquaredError);
      expectClose(
        await rows(denseKroneckerFisher(factors)),
        plainly.kroneckerFisher(await rowsOfAll(net.weights), await rows(data.inputs)),
      );
    });

    test("denseInverse is the matrix of a map on directions", async () => {
      const shapes = [
        [2, 3],
        [1, 3],
      ];
      const [M, N] = [normalTensor([2, 2], 1, place), normalTensor([3, 3], 2, place)];
      const apply = ([V, W]: readonly Tensor[]) => [add(V, mul(V, 2)), mul(add(W, W), sum(M))];
      const like = N;
      const scale = (await numbers(M)).reduce((a, b) => a + b);
      const diagonal = [...new Array<number>(6).fill(3), ...new Array<number>(3).fill(2 * scale)];
      expectClose(
        await rows(denseInverse(apply, shapes, like)),
        identity(9).map((row, i) => row.map((one) => one * diagonal[i])),
      );
    });
  });

  describe("law 2: E_model[Dθ] = 0", () => {
    /** Dθ for the given targets, for all cases together. */
    async function gradientFor({ net, loss, data }: Problem, targets: Tensor): Promise<number[]> {
      const D = grad((theta) =>
        sum(
          loss.value(
            outputOf(
              net.apply(
                unvec(
                  theta,
                  net.layers.map((layer) => layer.weightShape),
                ),
                data.inputs,
              ),
            ),
            targets,
          ),
        ),
      )(vec(net.weights));
      return numbers(D);
    }

    /** Σ over outcomes of their probability times Dθ, and Σ of the sizes of the terms, for a single case. */
    async function expectation(of: Problem, outcomes: readonly { y: number[]; p: number }[]) {
      const terms = await Promise.all(
        outcomes.map(async ({ y, p }) => (await gradientFor(of, tensorOf([y], place))).map((d) => p * d)),
      );
      const total = terms.reduce((sum, term) => sum.map((s, i) => s + term[i]));
      const size = terms.flat().reduce((largest, d) => Math.max(largest, Math.abs(d)), 0);
      expect(size).toBeGreaterThan(1e-3);
      expectClose(
        total.map((value) => value / size + 1),
        total.map(() => 1),
      );
    }

    test.each([1, 2, 3, 4, 5, 6])("under softmaxCrossEntropy: Σ_c p_c Dθ(c), %i layers", async (layers) => {
      const of = problem({ sizes: [...sizesOf(layers).slice(0, -1), 4], loss: softmaxCrossEntropy, cases: 1, backend });
      const p = plainSoftmax((await rows(of.net.predict(of.data.inputs)))[0]);
      await expectation(
        of,
        identity(4).map((y, c) => ({ y, p: p[c] })),
      );
    });

    test.each([1, 2, 3, 4, 5, 6])("under sigmoidCrossEntropy: over all 2³ outcomes, %i layers", async (layers) => {
      const of = problem({ sizes: [...sizesOf(layers).slice(0, -1), 3], loss: sigmoidCrossEntropy, cases: 1, backend });
      const p = (await rows(of.net.predict(of.data.inputs, sigmoidCrossEntropy)))[0];
      const outcomes = Array.from({ length: 8 }, (_, bits) => {
        const y = [0, 1, 2].map((c) => (bits >> c) & 1);
        return { y, p: y.reduce((product, bit, c) => product * (bit === 1 ? p[c] : 1 - p[c]), 1) };
      });
      await expectation(of, outcomes);
    });

    test.each([1, 2, 3, 4, 5, 6])(
      "under squaredError: over z ± e_c, whose moments are right, %i layers",
      async (layers) => {
        const of = problem({ sizes: sizesOf(layers), cases: 1, backend });
        const [z] = await rows(of.net.predict(of.data.inputs));
        const outcomes = z.flatMap((_, c) =>
          [-1, 1].map((sign) => ({
            y: z.map((zi, i) => (i === c ? zi + sign * Math.sqrt(z.length) : zi)),
            p: 0.5 / z.length,
          })),
        );
        await expectation(of, outcomes);
      },
    );

    test("and the variance of Dθ over those outcomes is F", async () => {
      const of = problem({ sizes: [2, 3, 3], loss: softmaxCrossEntropy, cases: 1, backend });
      const p = plainSoftmax((await rows(of.net.predict(of.data.inputs)))[0]);
      const D = await Promise.all(identity(3).map((y) => gradientFor(of, tensorOf([y], place))));
      const second = D.map((d, c) => d.map((di) => d.map((dj) => p[c] * di * dj))).reduce((a, b) => plus(a, b));
      expectClose(second, await rows(denseFisher(of.net, of.loss, of.data.inputs)));
    });
  });

  describe.each(losses)("law 3: F is the generalised Gauss–Newton matrix under $name", ({ loss }) => {
    test.each([1, 2, 3, 4, 5, 6])(
      "%i layers: E[Jᵀ Hess_z L J], J and Hess by automatic differentiation",
      async (layers) => {
        const of = problem({ sizes: sizesOf(layers), loss, cases: 4, backend });
        const cases = await Promise.all(
          [0, 1, 2, 3].map(async (n) => {
            const { f, theta } = outputs(of, slice(of.data.inputs, [[n, n + 1]]));
            const z = f(theta);
            const targets = slice(of.data.targets, [[n, n + 1]]);
            const J = await rows(jacobian(f)(theta));
            const H = await rowsOfAll(
              identity(z.shape[1]).map((unit) => hvp((z) => sum(loss.value(z, targets)), z, tensorOf([unit], place))),
            );
            return product(product(transposed(J), H.flat()), J);
          }),
        );
        expectClose(await rows(denseFisher(of.net, loss, of.data.inputs)), average(cases));
      },
    );
  });

  describe.each(losses)("law 4: with one datum F = F̃ in all blocks, under $name", ({ loss }) => {
    test.each([1, 2, 3, 4, 5, 6])("%i layers", async (layers) => {
      const { net, data } = problem({ sizes: sizesOf(layers), loss, cases: 1, backend });
      const factors = kroneckerFactors(net, loss, data, { fisher: "exact", pairs: "all" });
      expectClose(await rows(denseKroneckerFisher(factors)), await rows(denseFisher(net, loss, data.inputs)));
    });
  });

  describe("law 5: deep linear networks with Gaussian outputs have F = F̃ in all blocks", () => {
    test.each([
      [1, 3],
      [2, 1],
      [3, 9],
      [4, 5],
      [5, 2],
      [6, 12],
    ])("%i layers, %i cases", async (layers, cases) => {
      const { net, loss, data } = problem({ sizes: sizesOf(layers), activation: identityActivation, cases, backend });
      const factors = kroneckerFactors(net, loss, data, { fisher: "exact", pairs: "all" });
      expectClose(await rows(denseKroneckerFisher(factors)), await rows(denseFisher(net, loss, data.inputs)));
    });

    test("and only they: with tanh and several cases F̃ differs from F", async () => {
      const { net, loss, data } = problem({ sizes: [3, 3, 2], cases: 5, backend });
      const factors = kroneckerFactors(net, loss, data, { fisher: "exact", pairs: "all" });
      const [F, approximate] = await rowsOfAll([denseFisher(net, loss, data.inputs), denseKroneckerFisher(factors)]);
      expect(frobenius(plus(F, approximate, -1)) / frobenius(F)).toBeGreaterThan(1e-3);
    });
  });

  describe.each(losses)("law 6: F̃ is symmetric and positive semi-definite under $name", ({ loss }) => {
    test.each(["sampled", "exact", "curvature-propagation", "empirical"] as const)("fisher: %s", async (fisher) => {
      for (const layers of [1, 2, 3, 4, 5, 6]) {
        const { net, data } = problem({ sizes: sizesOf(layers), loss, cases: 5, seed: layers, backend });
        const factors = kroneckerFactors(net, loss, data, { fisher, pairs: "all" });
        const F = await rows(denseKroneckerFisher(factors));
        expectClose(F, transposed(F), 1e-14);
        const values = eigenvalues(F);
        expect(values[0]).toBeGreaterThan(-1e-13 * values[values.length - 1]);
      }
    });
  });

  describe("law 22: Monte-Carlo factors approach the exact ones at 1/√samples", () => {
    /** The root mean square error of G over repetitions, for a number of samples. */
    async function error(fisher: "sampled" | "curvature-propagation", loss: Loss, samples: number, exact: Matrix[]) {
      const { net, data } = problem({ sizes: [2, 3, 3], loss, cases: 2, backend });
      const X = await rows(data.inputs);
      const inputs = tensorOf(Array.from({ length: samples }, () => X).flat(), place);
      const repetitions = 16;
      let squares = 0;
      for (let seed = 0; seed < repetitions; seed++) {
        const factors = kroneckerFactors(net, loss, { inputs }, { fisher, seed });
        const G = await rowsOfAll(factors.diagonal.map((block) => block.G));
        squares += G.reduce((sum, Gi, i) => sum + frobenius(plus(Gi, exact[i], -1)) ** 2, 0);
      }
      return Math.sqrt(squares / repetitions);
    }

    test.each([
      ["sampled", "squaredError", squaredError],
      ["sampled", "sigmoidCrossEntropy", sigmoidCrossEntropy],
      ["sampled", "softmaxCrossEntropy", softmaxCrossEntropy],
      ["curvature-propagation", "squaredError", squaredError],
      ["curvature-propagation", "sigmoidCrossEntropy", sigmoidCrossEntropy],
      ["curvature-propagation", "softmaxCrossEntropy", softmaxCrossEntropy],
    ] as const)("%s, %s: the slope of log error over log samples is −½", async (fisher, _, loss) => {
      const { net, data } = problem({ sizes: [2, 3, 3], loss, cases: 2, backend });
      const exact = await rowsOfAll(kroneckerFactors(net, loss, data, { fisher: "exact" }).diagonal.map(({ G }) => G));
      const counts = [4, 32, 256];
      const errors: number[] = [];
      for (const samples of counts) errors.push(await error(fisher, loss, samples, exact));
      const slope = Math.log(errors[2] / errors[0]) / Math.log(counts[2] / counts[0]);
      expect(slope).toBeGreaterThan(-0.6);
      expect(slope).toBeLessThan(-0.4);
    });

    test("while the empirical Fisher approaches something else", async () => {
      const { net, loss, data } = problem({ sizes: [2, 3, 3], loss: softmaxCrossEntropy, cases: 2, backend });
      const [exact, empirical] = await Promise.all(
        (["exact", "empirical"] as const).map((fisher) =>
          rowsOfAll(kroneckerFactors(net, loss, data, { fisher }).diagonal.map(({ G }) => G)),
        ),
      );
      expect(frobenius(plus(exact[1], empirical[1], -1)) / frobenius(exact[1])).toBeGreaterThan(0.1);
    });
  });

  describe("law 23: with piecewise-linear activations and squared error a layer's GGN block is its Hessian block", () => {
    test.each([1, 2, 3, 4, 5, 6])("%i layers", async (layers) => {
      const of = problem({
        sizes: [3, ...new Array<number>(layers - 1).fill(3), 2],
        activation: relu,
        cases: 5,
        backend,
      });
      const { f, theta } = outputs(of, of.data.inputs);
      const cases = of.data.inputs.shape[0];
      const loss = (theta: Tensor) => mul(sum(squaredError.value(f(theta), of.data.targets)), 1 / cases);
      const p = theta.shape[0];
      const H = (await rowsOfAll(identity(p).map((unit) => hvp(loss, theta, tensorOf([unit], place, [p]))))).flat();
      const F = await rows(denseFisher(of.net, squaredError, of.data.inputs));
      let start = 0;
      for (const { weightShape } of of.net.layers) {
        const end = start + weightShape[0] * weightShape[1];
        expectClose(block(H, [start, end]), block(F, [start, end]));
        start = end;
      }
      if (layers > 1) expect(frobenius(plus(H, F, -1)) / frobenius(F)).toBeGreaterThan(1e-3);
    });
  });

  test("law 20: the Fisher of a summed loss is N times that of the mean", async () => {
    const { net, loss, data } = problem({ sizes: [2, 3, 2], cases: 3, backend });
    const each = await rowsOfAll([0, 1, 2].map((n) => denseFisher(net, loss, slice(data.inputs, [[n, n + 1]]))));
    const F = await rows(denseFisher(net, loss, data.inputs));
    expectClose(
      each.reduce((sum, Fn) => plus(sum, Fn)),
      scaled(F, 3),
    );
  });

  test("backpropagating the columns of B gives gᵢ whose second moments are the exact G", async () => {
    const { net, loss, data } = problem({ loss: softmaxCrossEntropy, backend });
    const traces = net.apply(net.weights.map(variable), data.inputs);
    const sets = backpropagate(traces, loss.factor(outputOf(traces)).columns());
    const factors = factorsFrom(
      traces.map(({ aBar }) => aBar),
      sets,
    );
    const exact = kroneckerFactors(net, loss, data, { fisher: "exact" });
    expectClose(await rows(factors.diagonal[0].G), await rows(exact.diagonal[0].G));
  });
});

import { matmul } from "../../src/autodiff/index.js";
import { factorsFrom, type KroneckerFactors } from "../../src/kfac/factors.js";
import { kroneckerFactors } from "../../src/kfac/fisher.js";
import { updatedStatistics } from "../../src/kfac/statistics.js";
import { forwardBackward } from "../../src/kfac/objective.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { preactivationGradients } from "../../src/network/preactivationGradients.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import { slice } from "../../src/tensor/operations.js";
import { stream } from "../../src/tensor/random.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { countingBackend } from "../support/countingBackend.js";
import { average, kron, outer, plus, scaled, stacked, times, type Matrix } from "../support/dense.js";
import {
  plainIdentity,
  PlainProblem,
  plainSigmoidCrossEntropy,
  plainSoftmaxCrossEntropy,
  plainSquaredError,
  plainTanh,
} from "../support/plainNetwork.js";
import { normalTensor, problem, tensorOf, lawPlaces } from "../support/problems.js";

/** E[x yᵀ] over rows. */
function moment(X: Matrix, Y: Matrix): Matrix {
  return average(X.map((x, n) => outer(x, Y[n])));
}

async function plainDiagonal(factors: KroneckerFactors): Promise<Matrix[]> {
  return rowsOfAll(factors.diagonal.flatMap(({ A, G }) => [A, G]));
}

describe.each(lawPlaces)("Kronecker factors, $name", ({ backend }) => {
  const place = { backend };

  test.each([
    [1, 1],
    [3, 2],
    [4, 5],
  ])("law 1: (A ⊗ G) vec(V) = vec(G V Aᵀ) for V [%i×%i], vec stacking columns", async (dOut, dIn) => {
    const A = normalTensor([dIn, dIn], 1, place);
    const G = normalTensor([dOut, dOut], 2, place);
    const V = normalTensor([dOut, dIn], 3, place);
    const U = await rows(matmul(matmul(G, V), A, { transposeB: true }));
    expectClose(stacked([U]), times(kron(await rows(A), await rows(G)), stacked([await rows(V)])));
  });

  describe("factorsFrom", () => {
    const m = 6;
    const aBars = [3, 4, 2].map((d, i) => normalTensor([m, d], i, place));
    const gs = [2, 3, 5].map((d, i) => normalTensor([m, d], 10 + i, place));

    test("diagonal blocks are E[ā āᵀ] and E[g gᵀ], exactly symmetric", async () => {
      const factors = factorsFrom(aBars, gs);
      for (const [i, { A, G }] of factors.diagonal.entries()) {
        const [a, g, plainA, plainG] = await rowsOfAll([aBars[i], gs[i], A, G]);
        expectClose(plainA, moment(a, a));
        expectClose(plainG, moment(g, g));
        expect(plainA).toEqual(plainA[0].map((_, j) => plainA.map((row) => row[j])));
        expect(plainG).toEqual(plainG[0].map((_, j) => plainG.map((row) => row[j])));
      }
    });

    test("block (i, j) is E[āᵢ āⱼᵀ] and E[gᵢ gⱼᵀ] for every pair, above and below the diagonal", async () => {
      const factors = factorsFrom(aBars, gs, { pairs: "all" });
      const [a, g] = [await rowsOfAll(aBars), await rowsOfAll(gs)];
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) {
          const { A, G } = factors.block(i, j);
          expectClose(await rows(A), moment(a[i], a[j]));
          expectClose(await rows(G), moment(g[i], g[j]));
        }
    });

    test("neighbours[i] is block (i, i + 1)", async () => {
      const factors = factorsFrom(aBars, gs, { pairs: "neighbours" });
      expect(factors.neighbours).toHaveLength(2);
      const [a, g] = [await rowsOfAll(aBars), await rowsOfAll(gs)];
      for (const [i, { A, G }] of factors.neighbours.entries()) {
        expectClose(await rows(A), moment(a[i], a[i + 1]));
        expectClose(await rows(G), moment(g[i], g[i + 1]));
      }
    });

    test("several sets of g add up in G and leave A alone", async () => {
      const other = [2, 3, 5].map((d, i) => normalTensor([m, d], 20 + i, place));
      const factors = factorsFrom(aBars, [gs, other], { pairs: "all" });
      const [a, g, h] = [await rowsOfAll(aBars), await rowsOfAll(gs), await rowsOfAll(other)];
      const { A, G } = factors.block(0, 2);
      expectClose(await rows(A), moment(a[0], a[2]));
      expectClose(await rows(G), plus(moment(g[0], g[2]), moment(h[0], h[2])));
    });

    test("previous factors are mixed in: S ← ε S + (1 − ε) S_batch, cross moments included", async () => {
      const previous = factorsFrom(
        [3, 4, 2].map((d, i) => normalTensor([m, d], 30 + i, place)),
        [2, 3, 5].map((d, i) => normalTensor([m, d], 40 + i, place)),
        { pairs: "all" },
      );
      const fresh = factorsFrom(aBars, gs, { pairs: "all" });
      const mixed = factorsFrom(aBars, gs, { pairs: "all", previous, epsilon: 0.7 });
      for (const [i, j] of [
        [0, 0],
        [0, 1],
        [0, 2],
        [2, 2],
      ])
        for (const name of ["A", "G"] as const)
          expectClose(
            await rows(mixed.block(i, j)[name]),
            plus(scaled(await rows(previous.block(i, j)[name]), 0.7), await rows(fresh.block(i, j)[name]), 0.3),
          );
    });

    test.each<[string, () => unknown, string]>([
      ["fewer layers of g than of ā", () => factorsFrom(aBars, gs.slice(1)), "factors: 3 layers of ā, but 2 of g"],
      ["no layers", () => factorsFrom([], []), "factors: 0 layers of ā, but 0 of g"],
      [
        "rows that do not match",
        () => factorsFrom(aBars, [...gs.slice(0, 2), normalTensor([5, 5], 1, place)]),
        "factors: every ā and g must be [6×features], a row a case, not [5×5]",
      ],
      [
        "a vector",
        () => factorsFrom([normalTensor([6], 1, place)], [gs[0]]),
        "factors: every ā and g must be [6×features], a row a case, not [6]",
      ],
      [
        "no cases",
        () => factorsFrom([slice(aBars[0], [[0, 0]])], [slice(gs[0], [[0, 0]])]),
        "factors: every ā and g must be [cases×features], a row a case, not [0×3]",
      ],
      [
        "an ε without something previous",
        () => factorsFrom(aBars, gs, { epsilon: 0.5 }),
        "factors: epsilon is 0.5; it must be in [0, 1), and 0 where nothing is previous",
      ],
      [
        "a pair that was not accumulated",
        () => factorsFrom(aBars, gs, { pairs: "neighbours" }).block(0, 2),
        'factors: no block (0, 2) of 3 layers; pairs are "neighbours", ask for "neighbours" or "all"',
      ],
      [
        "a layer that there is not",
        () => factorsFrom(aBars, gs, { pairs: "all" }).block(0, 3),
        'factors: no block (0, 3) of 3 layers; pairs are "all", ask for "neighbours" or "all"',
      ],
      [
        "previous factors of other shapes",
        () => factorsFrom([aBars[0]], [gs[0]], { previous: factorsFrom([aBars[1]], [gs[0]]), epsilon: 0.5 }),
        "gram: C is [4×4], but XᵀY is [3×3]",
      ],
    ])("refuses %s in one sentence", (_, run, message) => {
      expect(run).toThrow(message);
    });
  });

  describe("kroneckerFactors", () => {
    test.each([
      ["squaredError", squaredError, plainSquaredError],
      ["sigmoidCrossEntropy", sigmoidCrossEntropy, plainSigmoidCrossEntropy],
      ["softmaxCrossEntropy", softmaxCrossEntropy, plainSoftmaxCrossEntropy],
    ] as const)(
      "with the exact Fisher of %s are what a loop over cases gives, for all pairs",
      async (_, loss, plain) => {
        const { net, data } = problem({ sizes: [3, 4, 2, 3], loss, backend });
        const factors = kroneckerFactors(net, loss, data, { fisher: "exact", pairs: "all" });
        const plainly = new PlainProblem([plainTanh, plainTanh, plainIdentity], plain);
        const [weights, inputs] = [await rowsOfAll(net.weights), await rows(data.inputs)];
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 3; j++) {
            const expected = plainly.factors(weights, inputs, i, j);
            const { A, G } = factors.block(i, j);
            expectClose(await rows(A), expected.A);
            expectClose(await rows(G), expected.G);
          }
      },
    );

    test("of the empirical Fisher take g from the targets", async () => {
      const { net, loss, data } = problem({ loss: softmaxCrossEntropy, backend });
      const factors = kroneckerFactors(net, loss, data, { fisher: "empirical" });
      const g = await rowsOfAll(preactivationGradients(loss, net.forward(data.inputs), data.targets));
      for (const [i, { G }] of factors.diagonal.entries()) expectClose(await rows(G), moment(g[i], g[i]));
    });

    test("need no targets, except the empirical", () => {
      const { net, loss, data } = problem({ backend });
      for (const fisher of ["sampled", "exact", "curvature-propagation"] as const)
        expect(kroneckerFactors(net, loss, { inputs: data.inputs }, { fisher }).layers).toBe(2);
      expect(() => kroneckerFactors(net, loss, { inputs: data.inputs }, { fisher: "empirical" })).toThrow(
        'fisher: mode "empirical" needs targets',
      );
    });

    test("are the same for the same seed and others for another", async () => {
      const { net, loss, data } = problem({ backend });
      const of = (seed: number) => plainDiagonal(kroneckerFactors(net, loss, data, { seed }));
      expect(await of(1)).toEqual(await of(1));
      expect(await of(1)).not.toEqual(await of(2));
    });

    test("law 20: summing over cases instead of averaging scales A and G by N each", async () => {
      const { net, loss, data } = problem({ backend });
      const N = data.inputs.shape[0];
      const traces = net.forward(data.inputs);
      const factors = kroneckerFactors(net, loss, data, { fisher: "empirical" });
      const g = preactivationGradients(loss, traces, data.targets);
      for (const [i, { A, G }] of factors.diagonal.entries()) {
        const sums = await rowsOfAll([
          matmul(traces[i].aBar, traces[i].aBar, { transposeA: true }),
          matmul(g[i], g[i], { transposeA: true }),
        ]);
        expectClose(sums[0], scaled(await rows(A), N));
        expectClose(sums[1], scaled(await rows(G), N));
      }
    });

    test("law 20: doubling the data leaves every mean as it is", async () => {
      const { net, loss, data } = problem({ backend });
      const X = await rows(data.inputs);
      const doubled = tensorOf([...X, ...X], place);
      const once = await plainDiagonal(kroneckerFactors(net, loss, data, { fisher: "exact" }));
      const twice = await plainDiagonal(kroneckerFactors(net, loss, { inputs: doubled }, { fisher: "exact" }));
      expectClose(twice.flat(), once.flat());
    });

    test("a mode that there is not is refused", () => {
      const { net, loss, data } = problem({ backend });
      expect(() => kroneckerFactors(net, loss, data, { fisher: "guessed" as "exact" })).toThrow(
        'fisher: "guessed" is no mode; use "sampled", "exact", "curvature-propagation" or "empirical"',
      );
    });

    test("no cases, and rows that do not match, are refused", () => {
      const { net, loss, data } = problem({ backend });
      expect(() => kroneckerFactors(net, loss, { inputs: slice(data.inputs, [[0, 0]]) })).toThrow(
        "kroneckerFactors: inputs must be [cases×features] with at least one case, not [0×3]",
      );
      expect(() => kroneckerFactors(net, loss, { ...data, targets: slice(data.targets, [[0, 3]]) })).toThrow(
        "kroneckerFactors: inputs [7×3] and targets [3×2] differ in cases",
      );
    });
  });

  describe("law 19: the moving average of the statistics", () => {
    const settings = { fisher: "exact", pairs: "diagonal", fraction: 1 } as const;
    const update = (inputs: Tensor, k: number, previous?: KroneckerFactors) => {
      const { net, loss, data } = problem({ backend });
      const targets = normalTensor([inputs.shape[0], data.targets.shape[1]], 1, place);
      const pass = forwardBackward(net, loss, { inputs, targets }, 0);
      return updatedStatistics(previous, pass, loss, k, { ...settings, random: stream(0) });
    };
    const batch = (seed: number) => normalTensor([5, 3], seed, place);
    const alone = async (inputs: Tensor) => plainDiagonal(update(inputs, 1));

    test("at k = 1 the batch overwrites whatever was there", async () => {
      expect(await plainDiagonal(update(batch(1), 1, update(batch(2), 1)))).toEqual(await alone(batch(1)));
    });

    test("constant input is a fixed point", async () => {
      const expected = await alone(batch(1));
      let factors = update(batch(1), 1);
      for (let k = 2; k <= 40; k++) factors = update(batch(1), k, factors);
      expectClose((await plainDiagonal(factors)).flat(), expected.flat());
    });

    test("all batches weigh the same while k ≤ 20", async () => {
      let factors = update(batch(1), 1);
      for (let k = 2; k <= 20; k++) factors = update(batch(k), k, factors);
      const each = await Promise.all(Array.from({ length: 20 }, (_, i) => alone(batch(i + 1))));
      const expected = each[0].map((_, f) => average(each.map((of) => of[f])));
      expectClose((await plainDiagonal(factors)).flat(), expected.flat());
    });

    test("later a batch weighs 1/20 and what was before it 19/20", async () => {
      const before = update(batch(1), 1);
      for (const k of [20, 21, 1000]) {
        const expected = (await alone(batch(2))).map((S, i) => [S, i] as const);
        const old = await plainDiagonal(before);
        const after = await plainDiagonal(update(batch(2), k, before));
        for (const [S, i] of expected) expectClose(after[i], plus(scaled(old[i], 0.95), S, 0.05));
      }
    });
  });
});

test("disposing of factors gives back all that they hold", () => {
  const backend = countingBackend();
  const { net, loss, data } = problem({ backend });
  const before = backend.live;
  const factors = kroneckerFactors(net, loss, data, { pairs: "all" });
  // Three blocks of two moments.
  expect(backend.live).toBe(before + 6);
  factors.dispose();
  expect(backend.live).toBe(before);
});

test("float32 factors agree with the float64 ones to float32's precision", async () => {
  const of = async (dtype: "float32" | "float64") => {
    const { net, loss, data } = problem({ dtype, backend: cpu() });
    return plainDiagonal(kroneckerFactors(net, loss, data, { fisher: "exact" }));
  };
  expectClose((await of("float32")).flat(), (await of("float64")).flat(), 1e-5);
});

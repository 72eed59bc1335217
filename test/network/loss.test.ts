import { grad, hvp, sum } from "../../src/autodiff/index.js";
import type { Loss } from "../../src/network/loss.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { tensor } from "../../src/tensor/create.js";
import { stream } from "../../src/tensor/random.js";
import { expectClose, numbers, rows, rowsOfAll } from "../support/close.js";
import { average, dot, identity, matrix, outer, plus, times, type Matrix } from "../support/dense.js";
import {
  plainSigmoidCrossEntropy,
  plainSoftmax,
  plainSoftmaxCrossEntropy,
  plainSquaredError,
  type PlainLoss,
} from "../support/plainNetwork.js";
import { normalTensor, targetsFor, tensorOf, lawPlaces } from "../support/problems.js";

interface Case {
  readonly name: string;
  readonly loss: Loss;
  readonly plain: PlainLoss;
}

const losses: readonly Case[] = [
  { name: "squaredError", loss: squaredError, plain: plainSquaredError },
  { name: "sigmoidCrossEntropy", loss: sigmoidCrossEntropy, plain: plainSigmoidCrossEntropy },
  { name: "softmaxCrossEntropy", loss: softmaxCrossEntropy, plain: plainSoftmaxCrossEntropy },
];

const m = 5;
const k = 4;

describe.each(lawPlaces)("losses, $name", ({ backend }) => {
  const place = { backend };

  describe.each(losses)("$name", ({ loss, plain }) => {
    const z = normalTensor([m, k], 3, place);
    const targets = targetsFor(loss, [m, k], 4, place);

    test("the value of every case is what its formula says", async () => {
      const [Z, T] = [await rows(z), await rows(targets)];
      expectClose(
        await numbers(loss.value(z, targets)),
        Z.map((zn, n) => plain.value(zn, T[n])),
      );
    });

    test("the gradient of every case is what its formula says", async () => {
      const [Z, T] = [await rows(z), await rows(targets)];
      expectClose(
        await rows(grad((z) => sum(loss.value(z, targets)))(z)),
        Z.map((zn, n) => plain.gradient(zn, T[n])),
      );
    });

    test("law 15: B Bᵀ = Hess_z L, both by formula and by differentiating L twice", async () => {
      const columns = await rowsOfAll(loss.factor(z).columns());
      const Z = await rows(z);
      const differentiated = await rowsOfAll(
        identity(k).map((unit) =>
          hvp((z) => sum(loss.value(z, targets)), z, tensorOf(new Array<number[]>(m).fill(unit), place)),
        ),
      );
      for (let n = 0; n < m; n++) {
        const BBt = columns.reduce((total, column) => plus(total, outer(column[n], column[n])), zero(k));
        expectClose(BBt, plain.hessian(Z[n]));
        expectClose(
          BBt,
          differentiated.map((H) => H[n]),
        );
      }
    });

    test("times is B w and transposeTimes Bᵀ w of the matrix whose columns `columns` lists", async () => {
      const w = normalTensor([m, k], 5, place);
      const B = loss.factor(z);
      const columns = await rowsOfAll(B.columns());
      const [W, product, transposeProduct] = await rowsOfAll([w, B.times(w), B.transposeTimes(w)]);
      for (let n = 0; n < m; n++) {
        const Bn = matrix(k, k, (i, c) => columns[c][n][i]);
        expectClose(product[n], times(Bn, W[n]));
        expectClose(
          transposeProduct[n],
          columns.map((column) => dot(column[n], W[n])),
        );
      }
    });

    test("the mean of many samples approaches the prediction", async () => {
      const many = 5_000;
      const one = (await rows(z))[0];
      const repeated = tensorOf(new Array<number[]>(many).fill(one), place);
      const samples = await rows(loss.sample(repeated, stream(7)));
      const [predicted] = await rows(loss.predict(repeated));
      const mean = average(samples.map((row) => [row]))[0];
      // Five standard errors; every output's variance is at most 1.
      mean.forEach((value, c) => expect(Math.abs(value - predicted[c])).toBeLessThan(5 / Math.sqrt(many)));
    });

    test("the covariance of the gradients of samples approaches B Bᵀ", async () => {
      const many = 5_000;
      const one = (await rows(z))[1];
      const repeated = tensorOf(new Array<number[]>(many).fill(one), place);
      const sampled = loss.sample(repeated, stream(8));
      const gradients = await rows(grad((z) => sum(loss.value(z, sampled)))(repeated));
      const covariance = average(gradients.map((g) => outer(g, g)));
      const hessian = plain.hessian(one);
      // Fourth moments are at most 3 (Gaussian): five standard errors again.
      covariance.forEach((row, i) =>
        row.forEach((value, j) => expect(Math.abs(value - hessian[i][j])).toBeLessThan(5 * Math.sqrt(3 / many))),
      );
    });

    test("samples are the same for the same stream and others for another", async () => {
      const sample = (seed: number) => numbers(loss.sample(z, stream(seed)));
      expect(await sample(1)).toEqual(await sample(1));
      expect(await sample(1)).not.toEqual(await sample(2));
    });

    test.each([
      ["too few columns", [m, k - 1]],
      ["too few rows", [m - 1, k]],
      ["three axes", [m, k, 1]],
    ])("targets of %s are refused in one sentence", (_, shape) => {
      expect(() => loss.value(z, normalTensor(shape, 1, place))).toThrow(
        new RegExp(`^${loss.name}: targets \\[.*\\] do not fit outputs \\[5×4\\]; give one row a case.*$`),
      );
    });
  });

  test.each([
    ["softmaxCrossEntropy", softmaxCrossEntropy],
    ["sigmoidCrossEntropy", sigmoidCrossEntropy],
  ] as const)("%s does not overflow at huge |z|: value, gradient and factor stay finite", async (_, loss) => {
    const z = tensorOf(
      [
        [800, -800],
        [-1e300, 1e300],
        [0, 1e5],
      ],
      place,
    );
    const targets = tensorOf(
      [
        [1, 0],
        [0, 1],
        [1, 0],
      ],
      place,
    );
    expectClose(
      await numbers(loss.value(z, targets)),
      loss === softmaxCrossEntropy ? [0, 0, 1e5] : [0, 0, Math.LN2 + 1e5],
    );
    expectClose((await rows(grad((z) => sum(loss.value(z, targets)))(z))).slice(0, 2), zero(2));
    const columns = await rowsOfAll([...loss.factor(z).columns(), loss.sample(z, stream(1)), loss.predict(z)]);
    expect(columns.flat(2).every(Number.isFinite)).toBe(true);
  });

  test("labels [m] mean the same as one-hot rows", async () => {
    const z = normalTensor([3, 4], 9, place);
    const labels = tensor([2, 0, 3], { dtype: "float64", backend });
    const oneHot = tensorOf(
      [
        [0, 0, 1, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 1],
      ],
      place,
    );
    expect(await numbers(softmaxCrossEntropy.value(z, labels))).toEqual(
      await numbers(softmaxCrossEntropy.value(z, oneHot)),
    );
  });

  test("labels are for softmaxCrossEntropy only", () => {
    const z = normalTensor([3, 4], 9, place);
    const labels = tensor([2, 0, 3], { dtype: "float64", backend });
    for (const loss of [squaredError, sigmoidCrossEntropy])
      expect(() => loss.value(z, labels)).toThrow(/targets \[3\] do not fit outputs \[3×4\]; give one row a case$/);
  });

  test("softmax samples are classes with the frequencies of softmax(z)", async () => {
    const many = 5_000;
    const logits = [1, -1, 0.5];
    const samples = await rows(
      softmaxCrossEntropy.sample(tensorOf(new Array<number[]>(many).fill(logits), place), stream(3)),
    );
    expect(samples.every((row) => row.reduce((a, b) => a + b) === 1 && row.every((y) => y === 0 || y === 1))).toBe(
      true,
    );
    plainSoftmax(logits).forEach((p, c) => {
      const frequency = samples.reduce((count, row) => count + row[c], 0) / many;
      expect(Math.abs(frequency - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / many));
    });
  });

  test.each([
    ["a label of k", softmaxCrossEntropy, [0, 4], 1],
    ["a negative label", softmaxCrossEntropy, [-1, 2], 1],
    ["a fraction for a label", softmaxCrossEntropy, [0.5, 1.5], 2],
    [
      "a row that does not sum to 1",
      softmaxCrossEntropy,
      [
        [0.5, 0.5, 0.5, 0],
        [0, 0, 1, 0],
      ],
      1,
    ],
    [
      "a negative probability",
      softmaxCrossEntropy,
      [
        [1.5, -0.5, 0, 0],
        [0, 0, 1, 0],
      ],
      1,
    ],
    [
      "bits above 1",
      sigmoidCrossEntropy,
      [
        [255, 0, 0, 0],
        [1, 2, 0.5, 0],
      ],
      2,
    ],
    [
      "bits below 0",
      sigmoidCrossEntropy,
      [
        [-1, 0, 0, 0],
        [1, 1, 0, 0],
      ],
      1,
    ],
    ["labels that are labels", softmaxCrossEntropy, [0, 3], 0],
    [
      "rows that are probabilities",
      softmaxCrossEntropy,
      [
        [0.25, 0.25, 0.25, 0.25],
        [0, 0, 1, 0],
      ],
      0,
    ],
    [
      "bits",
      sigmoidCrossEntropy,
      [
        [0, 0.5, 1, 1],
        [0, 0, 0, 0],
      ],
      0,
    ],
  ] as const)("invalid counts %s", async (_, loss, targets, count) => {
    const z = normalTensor([2, 4], 1, place);
    const faults = loss.invalid?.(z, tensor(targets, { dtype: "float64", backend }));
    expect(faults && (await numbers(faults))).toEqual([count]);
  });
});

function zero(n: number): Matrix {
  return matrix(n, n, () => 0);
}

import { add, exp, hvp, mul, sub, sum } from "../../src/autodiff/index.js";
import { denseFisher, unvec, vec } from "../../src/kfac/dense.js";
import { fisherProducts } from "../../src/kfac/fisherProducts.js";
import { klDivergence } from "../../src/network/klDivergence.js";
import type { Loss } from "../../src/network/loss.js";
import { outputOf } from "../../src/network/model.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { readScalar } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { expectClose, numbers, rows } from "../support/close.js";
import { times } from "../support/dense.js";
import { plainSoftmax } from "../support/plainNetwork.js";
import { direction, lawPlaces, normalTensor, problem } from "../support/problems.js";

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** Each loss, and the KL divergence of one case by its definition as a sum (or integral) over y. */
const losses = [
  {
    name: "softmaxCrossEntropy",
    loss: softmaxCrossEntropy,
    plain: (z: number[], other: number[]) => {
      const q = plainSoftmax(other);
      return plainSoftmax(z).reduce((total, p, c) => total + p * Math.log(p / q[c]), 0);
    },
  },
  {
    name: "sigmoidCrossEntropy",
    loss: sigmoidCrossEntropy,
    plain: (z: number[], other: number[]) =>
      z.reduce((total, zc, c) => {
        const [p, q] = [sigmoid(zc), sigmoid(other[c])];
        return total + p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
      }, 0),
  },
  {
    name: "squaredError",
    loss: squaredError,
    /** ∫ N(y; z, 1) [½(y − z′)² − ½(y − z)²] dy for every output, by the trapezoidal rule. */
    plain: (z: number[], other: number[]) =>
      z.reduce((total, zc, c) => {
        const step = 0.1;
        for (let u = -12; u <= 12; u += step) {
          const density = Math.exp(-0.5 * u * u) / Math.sqrt(2 * Math.PI);
          total += step * density * (0.5 * (zc + u - other[c]) ** 2 - 0.5 * u * u);
        }
        return total;
      }, 0),
  },
];

describe.each(lawPlaces)("klDivergence, $name", ({ backend }) => {
  const place = { backend };

  describe.each(losses)("under $name", ({ loss, plain }) => {
    test("is the mean over cases of E[log r(y|z) − log r(y|z′)] by its definition", async () => {
      const [z, other] = [normalTensor([6, 4], 1, place), normalTensor([6, 4], 2, place)];
      const [Z, O] = [await rows(z), await rows(other)];
      const expected = Z.reduce((total, zn, n) => total + plain(zn, O[n]), 0) / 6;
      expectClose(await readScalar(klDivergence(loss, z, other)), expected);
    });

    test("is 0 from z to itself, and positive to anything else", async () => {
      const z = normalTensor([6, 4], 1, place);
      expect(await readScalar(klDivergence(loss, z, z))).toBe(0);
      for (const c of [1e-3, -1e-3, 1, -5])
        expect(await readScalar(klDivergence(loss, z, add(z, mul(normalTensor([6, 4], 2, place), c))))).toBeGreaterThan(
          0,
        );
    });

    test.each([1, 2, 3, 4, 5, 6])(
      "between θ and θ + δ it is ½δᵀFδ with an error of third order in δ, %i layers",
      async (layers) => {
        const sizes = Array.from({ length: layers + 1 }, (_, i) => 3 - (i % 2));
        const { net, data } = problem({ sizes, loss, cases: 5, backend });
        const v = direction(net, 1);
        const z = outputOf(net.apply(net.weights, data.inputs));
        const vFv = await readScalar(fisherProducts(net, loss, data.inputs, [v]));
        const lengths = [0.02, 0.005];
        const errors: number[] = [];
        for (const t of lengths) {
          const moved = net.weights.map((W, i) => add(W, mul(v[i], t)));
          const kl = await readScalar(klDivergence(loss, z, outputOf(net.apply(moved, data.inputs))));
          errors.push(Math.abs(kl - 0.5 * t * t * vFv));
        }
        // One linear layer with Gaussian outputs has nothing beyond the second order.
        if (layers === 1 && loss === squaredError) expect(Math.max(...errors)).toBeLessThan(1e-15);
        else {
          const slope = Math.log(errors[0] / errors[1]) / Math.log(lengths[0] / lengths[1]);
          expect(slope).toBeGreaterThan(2.8);
          expect(slope).toBeLessThan(3.3);
        }
      },
    );

    test("has F for its Hessian at δ = 0 (§2.2)", async () => {
      const { net, data } = problem({ sizes: [2, 2, 3], loss, cases: 4, backend });
      const shapes = net.weights.map((W) => W.shape);
      const z = outputOf(net.apply(net.weights, data.inputs));
      const kl = (theta: Tensor) => klDivergence(loss, z, outputOf(net.apply(unvec(theta, shapes), data.inputs)));
      const v = normalTensor([15], 3, place);
      expectClose(
        await numbers(hvp(kl, vec(net.weights), v)),
        times(await rows(denseFisher(net, loss, data.inputs)), await numbers(v)),
      );
    });
  });

  test("takes any loss whose z are natural parameters: Poisson, λ log(λ/λ′) − λ + λ′", async () => {
    const poisson: Pick<Loss, "value" | "predict"> = {
      value: (z, t) => sum(sub(exp(z), mul(t, z)), 1),
      predict: (z) => exp(z),
    };
    const [z, other] = [normalTensor([5, 1], 1, place), normalTensor([5, 1], 2, place)];
    const o = await numbers(other);
    const terms = (await numbers(z)).map((zn, n) => Math.exp(zn) * (zn - o[n]) - Math.exp(zn) + Math.exp(o[n]));
    expectClose(await readScalar(klDivergence(poisson as Loss, z, other)), terms.reduce((a, b) => a + b) / 5);
  });
});

test("outputs of different shapes are refused in one sentence", () => {
  expect(() => klDivergence(squaredError, normalTensor([5, 2], 1), normalTensor([5, 3], 1))).toThrow(
    new RangeError("klDivergence: outputs [5×2] and [5×3] differ in shape"),
  );
});

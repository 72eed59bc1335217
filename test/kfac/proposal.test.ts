import { add, mul } from "../../src/autodiff/index.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import { blockTridiagonal } from "../../src/kfac/blockTridiagonal.js";
import { kroneckerFactors } from "../../src/kfac/fisher.js";
import { forwardBackward } from "../../src/kfac/objective.js";
import { modelProducts, propose, readProducts } from "../../src/kfac/proposal.js";
import { minimiseModel } from "../../src/kfac/quadraticModel.js";
import { readScalars } from "../../src/kfac/vectors.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { dot, identity, plus, stacked, times } from "../support/dense.js";
import {
  plainIdentity,
  PlainProblem,
  plainSigmoidCrossEntropy,
  plainSoftmaxCrossEntropy,
  plainSquaredError,
  plainTanh,
} from "../support/plainNetwork.js";
import { direction, lawPlaces, problem } from "../support/problems.js";

const losses = [
  { name: "squaredError", loss: squaredError, plain: plainSquaredError },
  { name: "sigmoidCrossEntropy", loss: sigmoidCrossEntropy, plain: plainSigmoidCrossEntropy },
  { name: "softmaxCrossEntropy", loss: softmaxCrossEntropy, plain: plainSoftmaxCrossEntropy },
];

describe.each(lawPlaces)("law 13 on networks, $name", ({ backend }) => {
  describe.each(losses)("under $name", ({ loss, plain }) => {
    test.each([1, 2, 3, 4, 5, 6])(
      "δ = αΔ + μδ₀ has M(δ) − M(0) = ½∇hᵀδ, and Kδ + ∇h is orthogonal to Δ and δ₀, with K = F + (λ + η)I dense, %i layers",
      async (layers) => {
        const [lambda, eta, gamma] = [0.3, 0.01, 0.5];
        const { net, data } = problem({ sizes: [3, 2, 3, 2, 4, 2, 3].slice(0, layers + 1), loss, backend });
        const activations = net.weights.map((_, i) => (i === layers - 1 ? plainIdentity : plainTanh));
        const plainly = new PlainProblem(activations, plain, eta);
        const [W, X, T] = [await rowsOfAll(net.weights), await rows(data.inputs), await rows(data.targets)];
        const F = plainly.fisher(W, X);
        const K = plus(F, identity(F.length), lambda + eta);
        const gradient = stacked(plainly.gradient(W, X, T));

        const pass = forwardBackward(net, loss, data, eta);
        const factors = kroneckerFactors(net, loss, data, { fisher: "exact", pairs: "neighbours" });
        const previous = direction(net, 1);
        for (const prepare of [blockDiagonal, blockTridiagonal]) {
          using inverse = prepare(factors, { gamma });
          const { delta } = propose(pass, gamma, inverse);
          const products = readProducts(await readScalars(modelProducts(pass, loss, delta, previous, 1)));
          const minimum = minimiseModel(products, lambda, eta);
          if (minimum === undefined) throw new Error("M has no minimum along Δ");
          const { alpha, mu, change, curvature, collinear } = minimum;
          expect(collinear).toBe(false);
          const step = delta.map((D, i) => add(mul(D, alpha), mul(previous[i], mu)));
          const [Delta, old, d] = await Promise.all(
            [delta, previous, step].map(async (v) => stacked(await rowsOfAll(v))),
          );
          expectClose(change, 0.5 * dot(gradient, d));
          expectClose(change, dot(gradient, d) + 0.5 * dot(d, times(K, d)));
          expectClose(curvature, dot(d, times(F, d)));
          const residual = times(K, d).map((r, i) => r + gradient[i]);
          for (const v of [Delta, old])
            expect(Math.abs(dot(residual, v))).toBeLessThan(1e-10 * Math.hypot(...v) * Math.hypot(...gradient));
        }
      },
    );
  });
});

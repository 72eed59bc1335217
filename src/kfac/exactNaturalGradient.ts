import { cholesky, diagonal, mul, reshape, solveSpd, sub } from "../autodiff/index.js";
import type { Loss } from "../network/loss.js";
import type { Model } from "../network/model.js";
import { checkOption, checkOptionNames } from "../network/checkOption.js";
import { eye } from "../tensor/create.js";
import { epsilon } from "../tensor/dtype.js";
import { NumericalError } from "../tensor/errors.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { addToDiagonal } from "./damping.js";
import { denseFisherAt, unvec, vec } from "./dense.js";
import type { Pass } from "./objective.js";
import { UpdateRule, type Update } from "./updateRule.js";
import { plus } from "./vectors.js";

export interface ExactNaturalGradientOptions {
  /** ε; 1 by default. */
  readonly learningRate?: number;
  /** λ, the damping (§6.2); 0 by default, which takes an F that is not singular. */
  readonly lambda?: number;
  /** η: L2 regularisation. */
  readonly eta?: number;
}

/**
 * The exact natural gradient (§2.2, §6.2), for small networks: θ ← θ − ε(F + (λ + η)I)⁻¹∇h with the Fisher F of the minibatch as
 * a dense matrix. What K-FAC approximates. O(p³ + mkp²) a step for p parameters and m cases of k outputs.
 */
export class ExactNaturalGradient extends UpdateRule<never> {
  readonly #loss: Loss;
  readonly #learningRate: number;
  readonly #damping: number;

  /** @throws RangeError for an option out of range, or one that there is not. */
  constructor(model: Model, loss: Loss, options: ExactNaturalGradientOptions = {}) {
    checkOptionNames("exactNaturalGradient", options, ["learningRate", "lambda", "eta"]);
    const { learningRate = 1, lambda = 0, eta = 0 } = options;
    super(model, loss, { name: "exactNaturalGradient", eta, options: { learningRate, lambda }, state: [] });
    checkOption("exactNaturalGradient", "learningRate", learningRate, "positive", (x) => x > 0);
    checkOption("exactNaturalGradient", "lambda", lambda, "a number of at least 0", (x) => x >= 0 && x < Infinity);
    this.#loss = loss;
    this.#learningRate = learningRate;
    this.#damping = lambda + eta;
  }

  protected update({ at, cases, weights, gradient }: Pass): Update<never> {
    const F = denseFisherAt(at, this.#loss);
    const direction = unvec(
      this.#solve(addToDiagonal(F, this.#damping), vec(gradient), cases),
      weights.map((W) => W.shape),
    );
    return { weights: plus(weights, direction, -this.#learningRate), state: {} };
  }

  /** x with K x = b. K: [p, p], b: [p]. @throws NumericalError where K is singular but for rounding. */
  #solve(K: Tensor, b: Tensor, cases: number): Tensor {
    const p = K.shape[0];
    try {
      return scope(() => {
        // A singular K may well have a last pivot of 1e-17: rounding. Its diagonal less pε of itself has none that is positive.
        cholesky(sub(K, mul(eye(p, K), mul(diagonal(K), p * epsilon(K.dtype)))));
        return reshape(solveSpd(K, reshape(b, [p, 1])), [p]);
      });
    } catch (error) {
      if (!(error instanceof NumericalError)) throw error;
      throw new NumericalError(
        `exactNaturalGradient: the Fisher of ${p} parameters on ${cases} cases, with lambda + eta ${this.#damping}, cannot be inverted (${error.message}); raise lambda`,
      );
    }
  }
}

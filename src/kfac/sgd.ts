import type { Loss } from "../network/loss.js";
import type { Model } from "../network/model.js";
import { checkOption, checkOptionNames } from "../network/checkOption.js";
import type { Pass } from "./objective.js";
import { UpdateRule, type RuleState, type Update } from "./updateRule.js";
import { plus, scaled } from "./vectors.js";

export interface SgdOptions {
  readonly learningRate: number;
  /** μ; 0 by default. */
  readonly momentum?: number;
  /** Nesterov's form of momentum. */
  readonly nesterov?: boolean;
  /** η: L2 regularisation. */
  readonly eta?: number;
}

/** Stochastic gradient descent: v ← μv + ∇h, θ ← θ − ε(∇h + μv) with Nesterov's momentum, θ ← θ − εv without. */
export class Sgd extends UpdateRule<"velocity"> {
  readonly #learningRate: number;
  readonly #momentum: number;
  readonly #nesterov: boolean;

  constructor(model: Model, loss: Loss, options: SgdOptions) {
    checkOptionNames("sgd", options, ["learningRate", "momentum", "nesterov", "eta"]);
    const { learningRate, momentum = 0, nesterov = false, eta = 0 } = options;
    super(model, loss, { name: "sgd", eta, options: { learningRate, momentum, nesterov }, state: ["velocity"] });
    checkOption("sgd", "learningRate", learningRate, "positive", (x) => x > 0);
    checkOption("sgd", "momentum", momentum, "in [0, 1)", (x) => x >= 0 && x < 1);
    this.#learningRate = learningRate;
    this.#momentum = momentum;
    this.#nesterov = nesterov;
  }

  protected update({ weights, gradient }: Pass, previous: RuleState<"velocity"> | undefined): Update<"velocity"> {
    const mu = this.#momentum;
    const v = previous === undefined ? scaled(gradient, 1) : plus(gradient, previous.velocity, mu);
    const direction = this.#nesterov ? plus(gradient, v, mu) : v;
    return { weights: plus(weights, direction, -this.#learningRate), state: { velocity: v } };
  }
}

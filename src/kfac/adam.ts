import { add, div, mul, sqrt, square } from "../autodiff/index.js";
import type { Loss } from "../network/loss.js";
import type { Model } from "../network/model.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkOption, checkOptionNames } from "../network/checkOption.js";
import type { Pass } from "./objective.js";
import { UpdateRule, type RuleState, type Update } from "./updateRule.js";
import { plus, scaled, type Vector } from "./vectors.js";

export interface AdamOptions {
  /** 0.001 by default. */
  readonly learningRate?: number;
  /** Decay of the first and of the second moment; 0.9 and 0.999 by default. */
  readonly beta1?: number;
  readonly beta2?: number;
  /** ε, 1e-8 by default. */
  readonly epsilon?: number;
  /** η: L2 regularisation, added to the gradient. */
  readonly eta?: number;
}

/** m, the mean gradient, and v, the mean squared gradient, both biased towards 0. */
type Moments = RuleState<"m" | "v">;

/**
 * Adam (Kingma & Ba 2015): m ← β₁m + (1 − β₁)∇h, v ← β₂v + (1 − β₂)∇h²,
 * θ ← θ − ε_lr · m/(1 − β₁ᵏ) ⊘ (√(v/(1 − β₂ᵏ)) + ε).
 */
export class Adam extends UpdateRule<keyof Moments> {
  readonly #options: Required<Omit<AdamOptions, "eta">>;

  constructor(model: Model, loss: Loss, { eta = 0, ...options }: AdamOptions = {}) {
    checkOptionNames("adam", options, ["learningRate", "beta1", "beta2", "epsilon", "eta"]);
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
    const resolved = { learningRate, beta1, beta2, epsilon };
    super(model, loss, { name: "adam", eta, options: resolved, state: ["m", "v"] });
    checkOption("adam", "learningRate", learningRate, "positive", (x) => x > 0);
    checkOption("adam", "beta1", beta1, "in [0, 1)", (x) => x >= 0 && x < 1);
    checkOption("adam", "beta2", beta2, "in [0, 1)", (x) => x >= 0 && x < 1);
    checkOption("adam", "epsilon", epsilon, "positive", (x) => x > 0);
    this.#options = resolved;
  }

  protected update({ weights, gradient }: Pass, moments: Moments | undefined, k: number): Update<keyof Moments> {
    const { learningRate, beta1, beta2, epsilon } = this.#options;
    const m = decayed(moments?.m, gradient, beta1);
    const v = decayed(moments?.v, gradient.map(square), beta2);
    const rate = learningRate / (1 - beta1 ** k);
    const corrected = scaled(v, 1 / (1 - beta2 ** k));
    return {
      weights: weights.map((W, i) => scope(() => add(W, div(mul(m[i], -rate), add(sqrt(corrected[i]), epsilon))))),
      state: { m, v },
      guarded: corrected,
    };
  }
}

/** β·old + (1 − β)·x */
function decayed(old: Vector | undefined, x: Vector, beta: number): Tensor[] {
  return scope(() => (old === undefined ? scaled(x, 1 - beta) : plus(scaled(x, 1 - beta), old, beta)));
}

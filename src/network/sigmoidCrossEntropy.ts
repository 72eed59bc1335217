import { crossEntropy, less, mul, notEqual, maximum, minimum, sigmoid, sqrt, sub, sum } from "../autodiff/index.js";
import { uniform } from "../tensor/create.js";
import { diagonalFactor } from "./diagonalFactor.js";
import { checkTargets, type Loss } from "./loss.js";

/**
 * −Σ_c [t_c log σ(z_c) + (1 − t_c) log(1 − σ(z_c))]: y is k independent bits. Targets are probabilities [m, k].
 * B = diag √(p(1 − p)) with p = σ(z).
 */
export const sigmoidCrossEntropy: Loss = {
  name: "sigmoidCrossEntropy",
  targets: "probabilities in 0 … 1",

  value(z, targets) {
    checkTargets("sigmoidCrossEntropy", z.shape, targets.shape);
    return crossEntropy("sigmoid", z, targets);
  },

  predict: sigmoid,

  sample(z, random) {
    return less(uniform(z.shape, random, z), sigmoid(z));
  },

  factor(z) {
    const p = sigmoid(z);
    return diagonalFactor(sqrt(mul(p, sub(1, p))));
  },

  invalid: (z, targets) => sum(notEqual(targets, minimum(maximum(targets, 0), 1))),
};

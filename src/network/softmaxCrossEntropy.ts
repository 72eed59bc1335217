import {
  add,
  crossEntropy,
  equal,
  less,
  log,
  mul,
  negative,
  reshape,
  slice,
  softmax,
  sqrt,
  sub,
  sum,
  argmax,
  abs,
} from "../autodiff/index.js";
import { tensor, uniform } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkTargets, type Loss } from "./loss.js";

/** How far a row of target probabilities may be from summing to 1. */
const SUM_TOLERANCE = 1e-3;

/**
 * −Σ_c t_c log p_c with p = softmax(z): y is one of k classes. Targets are one-hot or probabilities [m, k], or labels [m].
 * B has columns √p_c (e_c − p).
 */
export const softmaxCrossEntropy: Loss = {
  name: "softmaxCrossEntropy",
  targets: "probabilities that sum to 1 in each row, or labels 0 … k−1",

  value(z, targets) {
    checkTargets("softmaxCrossEntropy", z.shape, targets.shape, true);
    // Σ_c t_c (logsumexp(z) − z_c); each row of t sums to 1.
    return crossEntropy("softmax", z, asRows(targets, z));
  },

  predict: (z) => softmax(z),

  /** argmax (z + Gumbel noise) is distributed as softmax(z). */
  sample(z, random) {
    const u = uniform(z.shape, random, z);
    return classRows(argmax(sub(z, log(negative(log(u)))), 1), z);
  },

  factor(z) {
    const p = softmax(z);
    const root = sqrt(p);
    return {
      columns: () =>
        Array.from({ length: z.shape[1] }, (_, c) => mul(slice(root, [null, [c, c + 1]]), sub(unit(c, z), p))),
      times: (w) => sub(mul(root, w), mul(p, sum(mul(root, w), 1, { keepAxes: true }))),
      transposeTimes: (w) => mul(root, sub(w, sum(mul(p, w), 1, { keepAxes: true }))),
    };
  },

  invalid(z, targets) {
    const rows = asRows(targets, z);
    const wrongSum = sub(1, less(abs(sub(sum(rows, 1), 1)), SUM_TOLERANCE));
    return add(sum(wrongSum), sum(less(rows, 0)));
  },
};

/** Labels [m] as one-hot rows like z; rows as they are. */
export function asRows(targets: Tensor, z: Tensor): Tensor {
  return targets.shape.length === 1 ? classRows(targets, z) : targets;
}

function classRows(labels: Tensor, z: Tensor): Tensor {
  const [m = 0, k = 0] = z.shape;
  const classes = tensor(
    Float64Array.from({ length: k }, (_, c) => c),
    { dtype: z.dtype, backend: z.backend },
  );
  return equal(reshape(labels, [m, 1]), classes);
}

function unit(c: number, z: Tensor): Tensor {
  return tensor(
    Float64Array.from({ length: z.shape[1] }, (_, i) => Number(i === c)),
    { dtype: z.dtype, backend: z.backend },
  );
}

import { detach, greater, mul, sub, variable } from "../autodiff/index.js";
import { checkData, type Data } from "../network/batches.js";
import type { Loss } from "../network/loss.js";
import { outputOf, type Model } from "../network/model.js";
import { backpropagate, outputGradient } from "../network/preactivationGradients.js";
import { uniform } from "../tensor/create.js";
import { stream, type RandomStream } from "../tensor/random.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { factorsFrom, type KroneckerFactors, type Pairs } from "./factors.js";

/**
 * Where the cotangents Dz come from whose g make up G (§5):
 * - "sampled": y ~ P(y|x, θ), one a case: the paper's estimate;
 * - "exact": the columns of B, BBᵀ = Hess_z L: the expectation over y itself, k backward passes;
 * - "curvature-propagation": B r with random signs r: one backward pass, unbiased;
 * - "empirical": the training targets. Not the Fisher.
 */
export type FisherMode = (typeof fisherModes)[number];
export const fisherModes = ["sampled", "exact", "curvature-propagation", "empirical"] as const;

/** The cotangents of z [m, k], one tensor for every backward pass. */
export function fisherCotangents(
  mode: FisherMode,
  loss: Loss,
  z: Tensor,
  targets: Tensor | undefined,
  random: RandomStream,
): Tensor[] {
  switch (mode) {
    case "sampled":
      return [outputGradient(loss, z, loss.sample(z, random))];
    case "exact":
      return loss.factor(z).columns();
    case "curvature-propagation":
      return [loss.factor(z).times(signs(z, random))];
    case "empirical":
      if (targets === undefined) throw new TypeError('fisher: mode "empirical" needs targets');
      return [outputGradient(loss, z, targets)];
    default:
      throw new RangeError(
        `fisher: "${String(mode)}" is no mode; use "sampled", "exact", "curvature-propagation" or "empirical"`,
      );
  }
}

/** The Kronecker factors of a model's Fisher on a batch. */
export function kroneckerFactors(
  model: Model,
  loss: Loss,
  { inputs, targets }: { readonly inputs: Tensor; readonly targets?: Tensor },
  { fisher = "sampled", pairs = "diagonal", seed = 0 }: { fisher?: FisherMode; pairs?: Pairs; seed?: number } = {},
): KroneckerFactors {
  checkData("kroneckerFactors", { inputs, targets: targets ?? inputs } satisfies Data);
  return scope(() => {
    const traces = model.apply(model.weights.map(variable), inputs);
    const cotangents = fisherCotangents(fisher, loss, detach(outputOf(traces)), targets, stream(seed).split("fisher"));
    return factorsFrom(
      traces.map((trace) => detach(trace.aBar)),
      backpropagate(traces, cotangents),
      { pairs },
    );
  });
}

/** ±1 with equal probability, of z's shape. */
function signs(z: Tensor, random: RandomStream): Tensor {
  return sub(mul(greater(uniform(z.shape, random, z), 0.5), 2), 1);
}

import type { Tensor } from "../tensor/tensor.js";

/** What one layer saw and did, a row a case (§2): input āᵢ₋₁ [m, dᵢ₋₁+1], sᵢ = Wᵢ āᵢ₋₁ [m, dᵢ], output aᵢ = φᵢ(sᵢ) [m, dᵢ]. */
export interface Trace {
  readonly aBar: Tensor;
  readonly s: Tensor;
  readonly a: Tensor;
}

/** What an optimizer trains. The last trace's `a` is z, the natural parameters that the loss takes. */
export interface Model {
  /** Wᵢ, [dᵢ, dᵢ₋₁ + 1], the last column the bias; fresh handles. */
  readonly weights: readonly Tensor[];
  setWeights(weights: readonly Tensor[]): void;
  /** What the layers' activations are called, where that is known: a checkpoint of others is refused. */
  readonly activations?: readonly string[];
  /** The traces of all layers; pure and differentiable in the weights. x: [m, d₀]. */
  apply(weights: readonly Tensor[], x: Tensor): Trace[];
}

/** z = aℓ, the output of the last layer. */
export function outputOf(traces: readonly Trace[]): Tensor {
  const last = traces.at(-1);
  if (last === undefined) throw new RangeError("a model needs at least one layer");
  return last.a;
}

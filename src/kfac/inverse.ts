import type { Tensor } from "../tensor/tensor.js";
import type { KroneckerFactors, Pairs } from "./factors.js";
import type { Vector } from "./vectors.js";

/** How strongly to damp. */
export interface Damping {
  /** πᵢ for every layer; those of the trace norm where they are missing. */
  readonly pi?: readonly Tensor[];
  /** γ of factored Tikhonov damping (§6.3): A + πγI and G + (γ/π)I. */
  readonly gamma?: number;
  /** λ (§6.2) and η: exact Tikhonov damping adds (λ + η)I to the whole matrix. */
  readonly lambda?: number;
  readonly eta?: number;
}

/** V ↦ U, an approximate inverse Fisher applied to a direction; disposing of it frees what was prepared. */
export type Inverse = ((V: Vector) => Tensor[]) &
  Disposable & {
    /** How near to singular the preparation came, a scalar tensor to be read with others: min (1 − s₂s₁) of §4.3. */
    readonly smallest?: Tensor;
  };

/** Prepares an inverse: expensive, and done every T₃ iterations; applying it is cheap. */
export interface InverseStrategy {
  (factors: KroneckerFactors, damping: Damping): Inverse;
  /** Which moments it takes; "diagonal" where it is missing. */
  readonly pairs?: Pairs;
  /** Whether γ changes nothing, so that there is nothing to search. */
  readonly ignoresGamma?: boolean;
}

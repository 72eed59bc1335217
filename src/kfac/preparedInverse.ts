import { holding } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { dampingRatios } from "./damping.js";
import type { KroneckerFactors } from "./factors.js";
import type { Inverse } from "./inverse.js";
import type { ResolvedOptions } from "./options.js";

/** What an inverse is prepared from, besides the options. */
export interface Source {
  readonly factors: KroneckerFactors;
  readonly gamma: number;
  readonly lambda: number;
}

/** An inverse that keeps what it was prepared from, so that it can be prepared again, bit for bit, from a checkpoint. */
export type PreparedInverse = Inverse & Source;

/**
 * The inverse by the strategy of the options. `pi` may be given where it is at hand.
 * @throws NumericalError where the strategy finds no inverse.
 */
export function prepareInverse(
  { factors, gamma, lambda }: Source,
  { inverse: prepare, eta, dampingNorm }: Pick<ResolvedOptions, "inverse" | "eta" | "dampingNorm">,
  pi: readonly Tensor[] = dampingRatios(factors, dampingNorm),
): PreparedInverse {
  const inverse = prepare(factors, { pi, gamma, lambda, eta });
  const kept = factors.shared();
  const { smallest } = inverse;
  return Object.assign(
    holding((V: Parameters<Inverse>[0]) => inverse(V), [inverse, kept]),
    { factors: kept, gamma, lambda, ...(smallest !== undefined && { smallest }) },
  );
}

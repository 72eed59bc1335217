import type { RandomStream } from "../tensor/random.js";
import { format, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * B with BBᵀ = F_R = Hess_z L, one k × k matrix a case (§2.2, Appendix C). Rows are cases throughout.
 */
export interface FisherFactor {
  /** The columns of B, each for all cases: [m, k]. */
  columns(): Tensor[];
  /** B w for every case: [m, k] → [m, k]. */
  times(w: Tensor): Tensor;
  /** Bᵀ w for every case: [m, k] → [m, k]. */
  transposeTimes(w: Tensor): Tensor;
}

/** L(y, z) = −log r(y|z), whose z are natural parameters: so the Fisher is the generalised Gauss–Newton matrix. */
export interface Loss {
  readonly name: string;
  /** L of every case: z [m, k], targets [m, k] → [m]. */
  value(z: Tensor, targets: Tensor): Tensor;
  /** The mean of r(y|z), [m, k]: softmax, sigmoid, or z itself. */
  predict(z: Tensor): Tensor;
  /** Targets drawn from r(y|z), [m, k]. The numbers are the stream's, the same on every backend. */
  sample(z: Tensor, random: RandomStream): Tensor;
  factor(z: Tensor): FisherFactor;
  /** How many targets are none: a scalar, 0 where all is well; missing where any finite number is a target. */
  invalid?(z: Tensor, targets: Tensor): Tensor;
  /** What a target must be, for the error message. */
  readonly targets: string;
}

/** @throws RangeError unless targets are [m, k] like z (or, where allowed, labels [m]). */
export function checkTargets(name: string, z: Shape, targets: Shape, labelsAllowed = false): void {
  if (z.length !== 2) throw new RangeError(`${name}: outputs must be [cases×outputs], not ${format(z)}`);
  const fits = targets.length === 2 && targets[0] === z[0] && targets[1] === z[1];
  const labels = labelsAllowed && targets.length === 1 && targets[0] === z[0];
  if (!fits && !labels)
    throw new RangeError(
      `${name}: targets ${format(targets)} do not fit outputs ${format(z)}; give one row a case${labelsAllowed ? ", or one label a case" : ""}`,
    );
}

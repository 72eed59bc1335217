import { add, div, equal, maximum, mul, norm, sqrt, trace, where, type Input } from "../autodiff/index.js";
import { slice, symmetricEigen } from "../tensor/operations.js";
import { eye, ones } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { reshape } from "../tensor/operations.js";
import type { KroneckerFactors } from "./factors.js";

/** How large a factor is, per dimension, for balancing the damping between A and G. */
export type DampingNorm = (typeof dampingNorms)[number];
export const dampingNorms = ["trace", "frobenius", "largest-eigenvalue", "one"] as const;

/**
 * πᵢ of factored Tikhonov damping (§6.3), a scalar tensor a layer: πᵢ² is the size of A over the size of G, by
 * - "trace": tr(A)/(d_in + 1) over tr(G)/d_out;
 * - "frobenius": ‖A‖_F/√(d_in + 1) over ‖G‖_F/√d_out;
 * - "largest-eigenvalue": λmax(A) over λmax(G);
 * - "one": π = 1.
 * Where a size is 0, π = 1.
 */
export function dampingRatios(factors: KroneckerFactors, norm: DampingNorm = "trace"): Tensor[] {
  return factors.diagonal.map(({ A, G }) =>
    scope(() => {
      if (norm === "one") return ones([], A);
      const [a, g] = [sizeOf(A, norm), sizeOf(G, norm)];
      const vanished = maximum(equal(a, 0), equal(g, 0));
      // √a/√g, since a/g may be out of range where g is subnormal.
      return where(vanished, 1, div(sqrt(a), sqrt(where(vanished, 1, g))));
    }),
  );
}

/** S + c·I. */
export function addToDiagonal(S: Tensor, c: Input): Tensor {
  return add(S, mul(eye(S.shape[0], S), c));
}

function sizeOf(S: Tensor, kind: Exclude<DampingNorm, "one">): Tensor {
  const d = S.shape[0];
  switch (kind) {
    case "trace":
      return div(trace(S), d);
    case "frobenius":
      return div(norm(S), Math.sqrt(d));
    case "largest-eigenvalue":
      return reshape(slice(symmetricEigen(S).values, [[d - 1, d]]), []);
    default:
      throw new RangeError(
        `damping: "${String(kind)}" is no norm; use "trace", "frobenius", "largest-eigenvalue" or "one"`,
      );
  }
}

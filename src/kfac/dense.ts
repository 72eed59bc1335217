/**
 * Dense references for small networks. θ is [vec W₁; …; vec Wℓ] with vec stacking COLUMNS, as in the paper, so that
 * F̃ᵢⱼ = Āᵢ₋₁,ⱼ₋₁ ⊗ Gᵢⱼ.
 */
import { concatenate, detach, kron, linearise, matmul, mul, reshape, slice, transpose } from "../autodiff/index.js";
import type { Loss } from "../network/loss.js";
import { outputOf, type Model } from "../network/model.js";
import { eye } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import { size, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { KroneckerFactors } from "./factors.js";
import type { Inverse } from "./inverse.js";
import type { Vector } from "./vectors.js";

/** F = E[Jᵀ B Bᵀ J] (§2.2), exactly: a backward sweep for every case and every column of B. [p, p] for p parameters. */
export function denseFisher(model: Model, loss: Loss, inputs: Tensor): Tensor {
  return scope(() => {
    const m = inputs.shape[0];
    const rows = Array.from({ length: m }, (_, n) => {
      const x = slice(inputs, [[n, n + 1]]);
      const at = linearise((weights) => model.apply(weights, x), model.weights);
      const z = outputOf(at.value);
      const columns = loss.factor(detach(z)).columns();
      return concatenate(columns.map((b) => reshape(vec(at.pullback([z], [b])), [1, -1])));
    });
    return mul(matmul(concatenate(rows), concatenate(rows), { transposeA: true }), 1 / m);
  });
}

/** F̃ (§3) from the moments of all pairs: block (i, j) is Āᵢ₋₁,ⱼ₋₁ ⊗ Gᵢⱼ. */
export function denseKroneckerFisher(factors: KroneckerFactors): Tensor {
  const layers = Array.from({ length: factors.layers }, (_, i) => i);
  return scope(() =>
    concatenate(
      layers.map((i) =>
        concatenate(
          layers.map((j) => {
            const { A, G } = factors.block(i, j);
            return kron(A, G);
          }),
          1,
        ),
      ),
    ),
  );
}

/** The matrix of an inverse: its action on every unit vector, for weights of the given shapes. */
export function denseInverse(
  apply: Inverse | ((V: Vector) => Tensor[]),
  shapes: readonly Shape[],
  like: Tensor,
): Tensor {
  return scope(() => {
    const p = shapes.reduce((total, shape) => total + size(shape), 0);
    const identity = eye(p, { dtype: like.dtype, backend: like.backend });
    const columns = Array.from({ length: p }, (_, c) => {
      const unit = reshape(slice(identity, [[c, c + 1]]), [p]);
      return reshape(vec(apply(unvec(unit, shapes))), [1, p]);
    });
    return transpose(concatenate(columns));
  });
}

/** [vec V₁; …; vec Vℓ], columns stacked: [p]. */
export function vec(V: Vector): Tensor {
  return concatenate(V.map((Vi) => reshape(transpose(Vi), [-1])));
}

/** The matrices that `vec` stacked. */
export function unvec(v: Tensor, shapes: readonly Shape[]): Tensor[] {
  let start = 0;
  return shapes.map((shape) => {
    const part = slice(v, [[start, (start += size(shape))]]);
    return transpose(reshape(part, [...shape].reverse()));
  });
}

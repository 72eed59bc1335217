/**
 * Dense references for small networks. θ is [vec W₁; …; vec Wℓ] with vec stacking COLUMNS, as in the paper, so that
 * F̃ᵢⱼ = Āᵢ₋₁,ⱼ₋₁ ⊗ Gᵢⱼ.
 */
import { add, concatenate, detach, gram, kron, linearise, mul, reshape, slice, transpose } from "../autodiff/index.js";
import type { Linearisation } from "../autodiff/index.js";
import type { Loss } from "../network/loss.js";
import { outputOf, type Model, type Trace } from "../network/model.js";
import { eye } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import { size, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { KroneckerFactors } from "./factors.js";
import type { Inverse } from "./inverse.js";
import type { Vector } from "./vectors.js";

/**
 * F = E[Jᵀ B Bᵀ J] (§2.2), exactly, as a matrix: [p, p] for p parameters. A backward sweep for every column b of B gives every
 * case's Jᵀb = [ā₀ ⊗ g₁; …; āℓ₋₁ ⊗ gℓ] with gᵢ = (∂z/∂sᵢ)ᵀ b. O(mkp²) for m cases of k outputs.
 */
export function denseFisher(model: Model, loss: Loss, inputs: Tensor): Tensor {
  return scope(() =>
    denseFisherAt(
      linearise((weights) => model.apply(weights, inputs), model.weights),
      loss,
    ),
  );
}

/** The same at a linearisation of the model, so that the forward pass is not repeated. */
export function denseFisherAt(at: Linearisation<Trace[]>, loss: Loss): Tensor {
  return scope(() => {
    const z = outputOf(at.value);
    const [m] = z.shape;
    const s = at.value.map((trace) => trace.s);
    const aBars = at.value.map((trace) => detach(trace.aBar));
    const parts = loss
      .factor(detach(z))
      .columns()
      .map((b) =>
        scope(() => {
          const gs = at.pullback([z], [b], s);
          return gram(
            concatenate(
              gs.map((g, i) => kronRows(aBars[i], g)),
              1,
            ),
            { weight: 1 / m },
          );
        }),
      );
    return parts.reduce((sum, part) => add(sum, part));
  });
}

/** a ⊗ g, row by row: [m, p] and [m, q] → [m, pq]. */
function kronRows(a: Tensor, g: Tensor): Tensor {
  const [m, p] = a.shape;
  const q = g.shape[1];
  return reshape(mul(reshape(a, [m, p, 1]), reshape(g, [m, 1, q])), [m, p * q]);
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

import { detach, linearise, matmul, mul, type Linearisation } from "../autodiff/index.js";
import type { Loss } from "../network/loss.js";
import { outputOf, type Model, type Trace } from "../network/model.js";
import { concatenate, leadingRows, reshape } from "../tensor/operations.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Vector } from "./vectors.js";

/**
 * All products uᵀFv of the exact Fisher, [n, n] for n directions, by one forward sweep a direction (Appendix C):
 *   F = E[Jᵀ B Bᵀ J], so uᵀFv = E[(BᵀJu)·(BᵀJv)]
 */
export function fisherProducts(model: Model, loss: Loss, inputs: Tensor, directions: readonly Vector[]): Tensor {
  return scope(() =>
    productsAt(
      linearise((weights) => model.apply(weights, inputs), model.weights, { cases: [inputs] }),
      loss,
      directions,
    ),
  );
}

/** The same at a linearisation of the model, so that the forward pass is not repeated. `cases`: only the first so many. */
export function productsAt(
  at: Linearisation<Trace[]>,
  loss: Loss,
  directions: readonly Vector[],
  cases = outputOf(at.value).shape[0],
): Tensor {
  const z = outputOf(at.value);
  const m = z.shape[0];
  const rows = cases === m ? at : at.rows(0, cases);
  return scope(() => {
    const B = loss.factor(leadingRows(detach(z), cases));
    const pushed = directions.map((v) => scope(() => reshape(B.transposeTimes(rows.pushforward([z], v)[0]), [1, -1])));
    const stacked = concatenate(pushed);
    return mul(matmul(stacked, stacked, { transposeB: true }), 1 / cases);
  });
}

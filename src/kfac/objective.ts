import { add, linearise, mul, sum, type Linearisation } from "../autodiff/index.js";
import { checkData, type Data } from "../network/batches.js";
import { faultsOf } from "../network/faults.js";
import type { Loss } from "../network/loss.js";
import { outputOf, type Model, type Trace } from "../network/model.js";
import { lossAndGradient } from "../network/preactivationGradients.js";
import { placementOf } from "../tensor/placement.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { inner, plus, type Vector } from "./vectors.js";

/** One forward and one backward pass over a batch at the model's weights θ. */
export interface Pass {
  readonly batch: Data;
  readonly cases: number;
  readonly weights: Vector;
  /** The model at θ, to be swept again. */
  readonly at: Linearisation<Trace[]>;
  /** The mean loss of the data, a scalar tensor. */
  readonly loss: Tensor;
  /** h = mean loss + η/2 ‖θ‖², a scalar tensor. */
  readonly objective: Tensor;
  /** ∇h */
  readonly gradient: Vector;
  /** 0 where all inputs are finite and all targets are targets of the loss; otherwise positive or NaN. */
  readonly faults: Tensor;
}

/** h and ∇h on a batch: DWᵢ = gᵢ āᵢ₋₁ᵀ averaged over cases, + ηWᵢ (§2, §6.1). */
export function forwardBackward(model: Model, loss: Loss, batch: Data, eta: number): Pass {
  const cases = checkData("step", batch);
  const weights = model.weights;
  placementOf("step: batch and model", [batch.inputs, batch.targets, ...weights]);
  const at = linearise((ws) => model.apply(ws, batch.inputs), weights, { cases: [batch.inputs] });
  const z = outputOf(at.value);
  const { total, Dz } = lossAndGradient(loss, z, batch.targets);
  return {
    batch,
    cases,
    weights,
    at,
    ...scope(() => objectiveFrom(total, cases, weights, eta)),
    gradient: scope(() => {
      const mean = at.pullback([z], [mul(Dz, 1 / cases)]);
      return eta === 0 ? mean : plus(mean, weights, eta);
    }),
    faults: faultsOf(loss, z, batch),
  };
}

/** h alone, at any weights: one forward pass. */
export function objectiveOf(model: Model, loss: Loss, batch: Data, weights: Vector, eta: number): Tensor {
  return scope(() => {
    const z = outputOf(model.apply(weights, batch.inputs));
    const total = sum(loss.value(z, batch.targets));
    return objectiveFrom(total, z.shape[0], weights, eta).objective;
  });
}

/** The mean loss, and h = mean loss + η/2 ‖θ‖². */
function objectiveFrom(total: Tensor, cases: number, weights: Vector, eta: number) {
  const mean = mul(total, 1 / cases);
  return { loss: mean, objective: add(mean, mul(inner(weights, weights), eta / 2)) };
}

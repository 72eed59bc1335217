import {
  Linearisation,
  Variable,
  type Inverse,
  type InverseStrategy,
  type Loss,
  type Model,
  type Tensor,
} from "../../src/index.js";
import type { Recorder } from "./recorder.js";

/** A model whose forward passes are recorded: those that are differentiated are the step's, the others ρ's. */
export function stagedModel(model: Model, recorder: Recorder): Model {
  return {
    get weights() {
      return model.weights;
    },
    setWeights: (weights) => model.setWeights(weights),
    apply: (weights, x) =>
      recorder.within(weights[0] instanceof Variable ? "forward" : "ρ forward", () => model.apply(weights, x)),
  };
}

/** A loss whose samples count with the sweep that they are drawn for. */
export function stagedLoss(loss: Loss, recorder: Recorder): Loss {
  return { ...loss, sample: (z, random) => recorder.within("sampled backward", () => loss.sample(z, random)) };
}

/** An inverse whose preparation and application are told apart. */
export function stagedInverse(prepare: InverseStrategy, recorder: Recorder): InverseStrategy {
  const staged = (...args: Parameters<InverseStrategy>): Inverse => {
    const inverse = recorder.within("inverse preparation", () => prepare(...args));
    const apply = (V: Parameters<Inverse>[0]) => recorder.within("inverse application", () => inverse(V));
    return Object.assign(apply, inverse);
  };
  return Object.assign(staged, prepare);
}

/**
 * Records every sweep of every linearisation until it is disposed of. A reverse sweep to the weights is the step's, one to
 * values that are named the sampled one; forward sweeps are those of exact-Fisher products.
 */
export function stagedSweeps(recorder: Recorder): Disposable {
  const sweeps: Sweeps = Linearisation.prototype;
  const { pullback, pushforward } = sweeps;
  sweeps.pullback = function (ys, gs, wrt) {
    return recorder.within(wrt === undefined ? "backward" : "sampled backward", () => pullback.call(this, ys, gs, wrt));
  };
  sweeps.pushforward = function (ys, vs) {
    return recorder.within("exact-Fisher products", () => pushforward.call(this, ys, vs));
  };
  return { [Symbol.dispose]: () => void Object.assign(sweeps, { pullback, pushforward }) };
}

/** The sweeps of a linearisation as functions that can be replaced. */
interface Sweeps {
  pullback: (
    this: Linearisation<unknown>,
    ys: readonly Tensor[],
    gs: readonly Tensor[],
    wrt?: readonly Tensor[],
  ) => Tensor[];
  pushforward: (this: Linearisation<unknown>, ys: readonly Tensor[], vs: readonly Tensor[]) => Tensor[];
}

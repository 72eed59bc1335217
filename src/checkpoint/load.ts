import { toTensor, type HostTensor } from "../formats/hostTensor.js";
import type { Resumable } from "../kfac/optimizerState.js";
import type { Model } from "../network/model.js";
import { dtypeOf } from "../tensor/dtype.js";
import { Lifetime } from "../tensor/scope.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { unpackCheckpoint, type Checkpoint } from "./checkpoint.js";
import { checkOwner } from "./save.js";

/**
 * What `save` wrote, verified whole, and still apart from any model: `restore` sets one to it.
 * @throws FormatError for a file that is cut short, changed in any bit, or of another kind.
 */
export function load(bytes: Uint8Array): Checkpoint {
  return unpackCheckpoint(bytes);
}

/**
 * Sets a model, and an optimizer constructed as the saved one was, to a checkpoint. On the same backend, what follows is bit for bit
 * what would have followed the save. Without an optimizer, the weights alone are set.
 * @throws RangeError or TypeError where the checkpoint does not fit the model's layers, activations and dtype or the optimizer's kind, loss and
 * options;
 * NumericalError where its factors have no inverse; Error while a step is running. Nothing changes then.
 */
export function restore(checkpoint: Checkpoint, model: Model, optimizer?: Resumable): void {
  checkOwner("restore", model, optimizer);
  const { weights, optimizer: saved } = checkpoint;
  if (optimizer !== undefined && saved === undefined)
    throw new RangeError("restore: the checkpoint holds weights alone; leave the optimizer out");
  using memory = new Lifetime();
  const old = memory.run(() => model.weights);
  checkWeights(weights, old);
  checkActivations(checkpoint.activations, model.activations);
  const place = { backend: old[0].backend };
  const tensors = memory.run(() => weights.map((W) => toTensor(W, place)));
  memory.run(() => model.setWeights(tensors));
  if (optimizer === undefined || saved === undefined) return;
  try {
    memory.run(() => {
      const { name, options, numbers } = saved;
      checkDtypes(saved.tensors, old[0]);
      const own = new Map([...saved.tensors].map(([of, t]) => [of, toTensor(t, place)]));
      optimizer.restore({ optimizer: name, options, numbers, tensors: own });
    });
  } catch (error) {
    memory.run(() => model.setWeights(old));
    throw error;
  }
}

/** @throws RangeError where layers differ, TypeError where dtypes do. */
function checkWeights(saved: readonly HostTensor[], weights: readonly Tensor[]): void {
  if (saved.length !== weights.length)
    throw new RangeError(`restore: the checkpoint has ${saved.length} layers, the model ${weights.length}`);
  saved.forEach(({ shape }, i) => {
    if (!sameShape(shape, weights[i].shape))
      throw new RangeError(
        `restore: layer ${i} is ${format(shape)} in the checkpoint, and ${format(weights[i].shape)} in the model`,
      );
  });
  checkDtypes(
    saved.map((W, i) => [`weights.${i}`, W] as const),
    weights[0],
  );
}

/** @throws RangeError where both are known and differ. */
function checkActivations(saved: readonly string[] | undefined, own: readonly string[] | undefined): void {
  saved?.forEach((activation, i) => {
    if (own !== undefined && own[i] !== activation)
      throw new RangeError(
        `restore: the activation of layer ${i} is ${activation} in the checkpoint, and ${own[i]} in the model; construct it as it was saved`,
      );
  });
}

function checkDtypes(tensors: Iterable<readonly [string, HostTensor]>, { dtype }: Tensor): void {
  for (const [name, { values }] of tensors)
    if (dtypeOf(values) !== dtype)
      throw new TypeError(
        `restore: ${name} is ${dtypeOf(values)} in the checkpoint, and the model is ${dtype}; construct it with dtype "${dtypeOf(values)}"`,
      );
}

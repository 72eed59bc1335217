import { readAll } from "../formats/hostTensor.js";
import type { Resumable } from "../kfac/optimizerState.js";
import type { Model } from "../network/model.js";
import { Lifetime } from "../tensor/scope.js";
import { packCheckpoint, type SavedOptimizer } from "./checkpoint.js";

/**
 * A checkpoint: the weights, and all that the optimizer needs to go on as if it had never stopped; the weights alone where no optimizer
 * is given. It is of the moment of the call: what is trained while it waits is not in it.
 * @throws Error while a step is running, RangeError where the optimizer trains another model.
 */
export async function save(
  model: Pick<Model, "weights" | "activations">,
  optimizer?: Resumable,
): Promise<Uint8Array<ArrayBuffer>> {
  checkOwner("save", model, optimizer);
  using memory = new Lifetime();
  const { activations } = model;
  const { weights, state } = memory.run(() => ({ weights: model.weights, state: optimizer?.state() }));
  const [matrices, tensors] = await Promise.all([
    readAll(weights.map((W, i) => [String(i), W] as const)),
    readAll(state?.tensors ?? []),
  ]);
  const saved: SavedOptimizer | undefined = state && {
    name: state.optimizer,
    options: state.options,
    numbers: state.numbers,
    tensors,
  };
  return packCheckpoint({
    weights: [...matrices.values()],
    ...(activations && { activations }),
    ...(saved && { optimizer: saved }),
  });
}

/** @throws RangeError where the optimizer trains another model. */
export function checkOwner(operation: string, model: Pick<Model, "weights">, optimizer: Resumable | undefined): void {
  if (optimizer !== undefined && optimizer.model !== model)
    throw new RangeError(`${operation}: the optimizer trains another model; give the one it was constructed with`);
}

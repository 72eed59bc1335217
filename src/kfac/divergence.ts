import { checkFaults } from "../network/faults.js";
import type { Loss } from "../network/loss.js";
import type { Model } from "../network/model.js";
import { NumericalError } from "../tensor/errors.js";
import type { Iteration } from "./iteration.js";
import type { Undo } from "./kfacState.js";
import { objectiveOf, type Pass } from "./objective.js";

/** The objective is not finite, or far above what it was: the step before led where it should not have. */
export class Diverged extends NumericalError {}

/** What h is a function of, besides weights and batch. */
export interface Objective {
  readonly model: Model;
  readonly loss: Loss;
  readonly eta: number;
}

/**
 * Whether the last step was a mistake, which `undo` would take back, from what was read of the pass. It is looked at where h more than
 * doubled from batch to batch, and measured on this batch then.
 * @throws BatchError where the batch is at fault; Diverged where h is not finite, or where the step before more than doubled it: damping
 * helps neither.
 */
export async function checkStart(
  { faults, objective }: { readonly faults: number; readonly objective: number },
  { batch }: Pass,
  undo: Undo | undefined,
  { model, loss, eta }: Objective,
  iteration: Iteration,
): Promise<void> {
  const { k } = iteration;
  checkFaults("kfac", loss, faults);
  if (!Number.isFinite(objective))
    throw new Diverged(
      `kfac: the objective is ${objective} in iteration ${k}; scale the inputs or the initial weights down`,
    );
  if (undo === undefined || !moreThanDoubled(undo.objective, objective)) return;
  const before = iteration.memory.run(() => objectiveOf(model, loss, batch, undo.weights, eta));
  const without = await iteration.read({ objective: before });
  if (moreThanDoubled(without.objective, objective))
    throw new Diverged(
      `kfac: the objective is ${objective.toPrecision(6)} in iteration ${k}, and ${without.objective.toPrecision(6)} without the last step`,
    );
}

/** Whether h rose by more than its own size: noise between batches seldom makes it. */
function moreThanDoubled(before: number, after: number): boolean {
  return after - before > Math.abs(before);
}

import { add, detach, mul, sum } from "../autodiff/index.js";
import { zeros } from "../tensor/create.js";
import { NumericalError } from "../tensor/errors.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Data } from "./batches.js";
import type { Loss } from "./loss.js";

/** The data, not the optimization, is at fault: no damping helps. */
export class BatchError extends NumericalError {}

/** A scalar: 0 where all inputs are finite and all targets are targets of the loss; otherwise positive or NaN. z: outputs. */
export function faultsOf(loss: Loss, z: Tensor, { inputs, targets }: Data): Tensor {
  return scope(() => {
    const nonFinite = add(sum(mul(inputs, 0)), sum(mul(targets, 0)));
    return add(nonFinite, loss.invalid?.(detach(z), targets) ?? zeros([], z));
  });
}

/** @throws BatchError that names what is wrong with the data, where `faults` is not 0. */
export function checkFaults(operation: string, loss: Loss, faults: number): void {
  if (faults === 0) return;
  throw new BatchError(
    Number.isFinite(faults)
      ? `${operation}: the batch holds ${faults} targets that ${loss.name} does not take; they must be ${loss.targets}`
      : `${operation}: the batch holds NaN or infinite inputs or targets; clean the data`,
  );
}

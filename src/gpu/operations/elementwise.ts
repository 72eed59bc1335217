import type { BinaryOperation, UnaryOperation } from "../../tensor/backend.js";
import { size, type Shape } from "../../tensor/shape.js";
import type { Launcher } from "../launcher.js";
import { isResident, type Argument, type Resident } from "../resident.js";
import { binaryFunctions, unaryFunctions, whereFunction, type ElementwiseFunction } from "./functions.js";
import { broadcast } from "./movement.js";

export function unary(run: Launcher, operation: UnaryOperation, x: Resident): Resident {
  return run.defer(unaryFunctions[operation], [x], x.length);
}

/** An operand of an elementwise operation and its shape; numbers have none. */
export interface Broadcast {
  readonly value: Argument;
  readonly shape: Shape;
}

export function binary(run: Launcher, operation: BinaryOperation, a: Broadcast, b: Broadcast, shape: Shape): Resident {
  return zipped(run, binaryFunctions[operation], [a, b], shape);
}

export function where(run: Launcher, condition: Broadcast, a: Broadcast, b: Broadcast, shape: Shape): Resident {
  return zipped(run, whereFunction, [condition, a, b], shape);
}

/** An elementwise function of operands that broadcast: what is stretched is read in place, from elements that are computed once. */
function zipped(run: Launcher, compute: ElementwiseFunction, operands: readonly Broadcast[], shape: Shape): Resident {
  const length = size(shape);
  const stretched: Resident[] = [];
  const parts = operands.map(({ value, shape: own }) => {
    if (!isResident(value) || size(own) === length) return value;
    const wide = broadcast(run, value, own, shape);
    stretched.push(wide);
    return wide;
  });
  return run.consuming(stretched, () => run.defer(compute, parts, length));
}

import type { Operand } from "../tensor/backend.js";
import type { Elements } from "./devices/device.js";
import type { Doubt } from "./doubt.js";
import type { ElementwiseFunction } from "./operations/functions.js";
import type { Walk } from "./strides.js";

/** Elements on the device (none, where there are none), and what is not known of them yet. */
export interface Stored {
  readonly kind: "stored";
  readonly elements: Elements | undefined;
  doubts: readonly Doubt[];
}

/** Elements of a stored array in another order: what broadcasting, transposing and slicing are. */
export interface View {
  readonly kind: "view";
  readonly of: Resident;
  readonly walk: Walk;
}

/** One number everywhere. */
export interface Constant {
  readonly kind: "constant";
  readonly value: number;
}

/** An elementwise function of arrays as long as itself, and of numbers. */
export interface Deferred {
  readonly kind: "deferred";
  readonly compute: ElementwiseFunction;
  readonly operands: readonly Argument[];
  /** Arrays that its kernel would read, and functions that it would compute, at most. */
  readonly leaves: number;
  readonly functions: number;
}

/**
 * What this backend keeps a tensor in: an array that has its elements, or that says how they come about. Then they are computed when a
 * kernel needs them, and the array has them from there on; what is freed before has never been computed.
 */
export class Resident {
  readonly length: number;
  source: Stored | View | Constant | Deferred;
  /** Tensors, views and deferred arrays that need this one. */
  holders = 1;

  constructor(length: number, source: Resident["source"]) {
    this.length = length;
    this.source = source;
  }
}

/** An operand of a launch. */
export type Argument = Resident | number;

export function isResident(x: Argument): x is Resident {
  return typeof x !== "number";
}

export function residentOf(x: Operand): Resident {
  return x.storage as Resident;
}

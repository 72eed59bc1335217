import type { DType } from "../src/index.js";
import type { Limits } from "./measure.js";
import type { Place } from "./places.js";

/** One thing to time: an operation at a size, in a dtype, at a place. */
export interface Case {
  readonly suite: string;
  readonly operation: string;
  readonly n: number;
  readonly dtype: DType;
  readonly place: Place;
  /** Floating-point operations of one unit of work, as the suite counts them. */
  readonly flops: number;
  /** Units of work in one run: the 20 steps of a K-FAC cycle; 1 where it is missing. */
  readonly units?: number;
  /** Fewer samples than others get, for runs that take seconds. */
  readonly limits?: Partial<Limits>;
  /** Makes the operands when the case's turn comes. */
  prepare(): Work;
}

/** Something to run over and over; disposing of it frees the operands. */
export interface Work extends Disposable {
  /** Its result is consumed and disposed of. */
  run(): unknown;
  /** Runs before the first sample, instead of runs of the work itself. */
  warmUp?(): Promise<unknown>;
}

/** What --filter is matched against. */
export function nameOf({ suite, operation, n, dtype, place }: Case): string {
  return [suite, operation, n, dtype, place.name].join("/");
}

import { gather } from "../tensor/movement.js";
import { stream, type RandomStream } from "../tensor/random.js";
import { format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkOption } from "./checkOption.js";

/** Cases, a row each. inputs: [n, d₀]; targets: [n, k], or labels [n]. */
export interface Data {
  readonly inputs: Tensor;
  readonly targets: Tensor;
}

/** The number of cases of iteration k = 1, 2, … */
export type BatchSchedule = (k: number) => number;

export interface BatchOptions {
  /** Cases a batch. */
  readonly size?: number;
  /** Or as many as the schedule says. */
  readonly schedule?: BatchSchedule;
  /** Fixes which cases; 0 by default. */
  readonly seed?: number;
  /** The iteration of the first batch, 1 by default: optimizer.iteration + 1 goes on where another run stopped. */
  readonly from?: number;
}

/**
 * An endless sequence of minibatches, each drawn without replacement and independently of the others (Algorithm 2): batch k depends
 * on the seed and k alone.
 * @throws RangeError for empty data, rows that do not match, or a size outside 1 … n.
 */
export function batches(data: Data, { size, schedule, seed = 0, from = 1 }: BatchOptions): Generator<Data, never> {
  const n = checkData("batches", data);
  const sizeOf = schedule ?? (() => size ?? NaN);
  if ((size === undefined) === (schedule === undefined))
    throw new RangeError("batches: give either a size or a schedule");
  checkOption("batches", "from", from, "an integer of at least 1", (k) => Number.isSafeInteger(k) && k >= 1);
  checkSize(from, sizeOf(from), n);
  return draw(data, n, sizeOf, stream(seed).split("batches"), from);
}

function* draw(
  data: Data,
  n: number,
  sizeOf: BatchSchedule,
  random: RandomStream,
  from: number,
): Generator<Data, never> {
  for (let k = from; ; k++) {
    const m = sizeOf(k);
    checkSize(k, m, n);
    const cases = random.split(k).permutation(n, m);
    yield { inputs: gather(data.inputs, cases), targets: gather(data.targets, cases) };
  }
}

/** @throws RangeError unless batch k can hold m of n cases. */
function checkSize(k: number, m: number, n: number): void {
  if (!Number.isInteger(m) || m < 1 || m > n)
    throw new RangeError(`batches: batch ${k} is to hold ${m} of ${n} cases; it must be an integer in 1 … ${n}`);
}

/**
 * m_k = min(m₁ exp((k − 1)/b), |S|), b such that m reaches |S| at iteration `full` (§13: m₁ = 1000, full = 500).
 * @throws RangeError unless cases and first are integers of at least 1, full of at least 2.
 */
export function exponentialSchedule(cases: number, { first = 1000, full = 500 } = {}): BatchSchedule {
  for (const [name, value, least] of [
    ["cases", cases, 1],
    ["first", first, 1],
    ["full", full, 2],
  ] as const)
    if (!Number.isInteger(value) || value < least)
      throw new RangeError(`exponentialSchedule: ${name} is ${value}; it must be an integer of at least ${least}`);
  const start = Math.min(first, cases);
  const growth = Math.log(cases / start) / (full - 1);
  return (k) => Math.min(Math.round(start * Math.exp((k - 1) * growth)), cases);
}

/** The number of cases. @throws RangeError where there are none, or rows differ. */
export function checkData(operation: string, { inputs, targets }: Data): number {
  const cases = inputs.shape[0] ?? 0;
  if (inputs.shape.length !== 2 || cases === 0)
    throw new RangeError(
      `${operation}: inputs must be [cases×features] with at least one case, not ${format(inputs.shape)}`,
    );
  if (targets.shape[0] !== cases)
    throw new RangeError(
      `${operation}: inputs ${format(inputs.shape)} and targets ${format(targets.shape)} differ in cases`,
    );
  return cases;
}

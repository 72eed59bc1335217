import { load, restore } from "../../src/checkpoint/load.js";
import { save } from "../../src/checkpoint/save.js";
import type { Resumable } from "../../src/kfac/optimizerState.js";
import type { StepReport } from "../../src/kfac/optimizer.js";
import { batches } from "../../src/network/batches.js";
import { disposeAll } from "../../src/tensor/scope.js";
import { problem, type Problem, type ProblemOptions } from "./problems.js";

/** A problem and its optimizer, freshly built. */
export interface Start extends Problem {
  readonly optimizer: Resumable;
}

/** Builds the same start every time it is called. */
export type Build = () => Start;

export function building(options: ProblemOptions, make: (of: Problem) => Resumable): Build {
  return () => {
    const of = problem({ cases: 12, ...options });
    return { ...of, optimizer: make(of) };
  };
}

/** Trains up to an iteration, on minibatches; `after` is called after each step. */
export async function trainTo(
  end: number,
  { data, optimizer }: Start,
  after: (iteration: number) => Promise<void> = () => Promise.resolve(),
): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  const minibatches = batches(data, { size: 8, seed: 5, from: optimizer.iteration + 1 });
  while (optimizer.iteration < end) {
    const batch = minibatches.next().value;
    reports.push(await optimizer.step(batch).finally(() => disposeAll(batch)));
    await after(optimizer.iteration);
  }
  return reports;
}

/** Trains to the end and saves after some of the steps. */
export async function trainSaving(build: Build, end: number, stops: readonly number[]) {
  const whole = build();
  const saved = new Map<number, Uint8Array>();
  const reports = await trainTo(end, whole, async (k) => {
    if (stops.includes(k)) saved.set(k, await bitsOf(whole));
  });
  return { reports, saved, bits: await bitsOf(whole) };
}

/** Goes on from a checkpoint, in a start of its own. */
export async function resume(build: Build, bytes: Uint8Array, end: number) {
  const start = build();
  restore(load(bytes), start.net, start.optimizer);
  return { reports: await trainTo(end, start), bits: await bitsOf(start) };
}

/** Everything that a start has come to, bit for bit: its checkpoint. */
export async function bitsOf({ net, optimizer }: Start): Promise<Uint8Array> {
  return save(net, optimizer);
}

import { setImmediate as othersTurn } from "node:timers/promises";
import { disposeAll, Kfac, NumericalError, type Tensor, type Data, type Optimizer, type StepReport } from "kronfac";
import { nameOf } from "./contender.js";
import { progress, type Goal } from "./report/progress.js";
import type { TraceStep } from "./report/trace.js";

export interface Training {
  /** Of the contender. */
  readonly name: string;
  readonly optimizer: Optimizer;
  readonly minibatches: Iterator<Data, never>;
  readonly goal: Goal;
  /** Whether to evaluate after this step; after the last it is done in any case. */
  readonly isDue: (step: TraceStep) => boolean;
  /** What to add to the step. Its time does not count. */
  readonly evaluate: () => Promise<Partial<TraceStep>>;
  readonly quiet: boolean;
  /** Ends the training after the iteration it is in. */
  readonly signal: AbortSignal;
  /** Called after every step; its time does not count. */
  readonly afterStep?: (step: TraceStep) => Promise<void>;
}

export interface Course {
  readonly steps: readonly TraceStep[];
  /** Of training alone, as in the trace. */
  readonly seconds: number;
  /** Why it went no further, where its numbers failed. */
  readonly ended?: string;
}

/** Trains until the goal, a NumericalError or the signal. */
export async function trainUntil({ name, optimizer, minibatches, goal, ...rest }: Training): Promise<Course> {
  const { isDue, evaluate, quiet, signal, afterStep } = rest;
  const steps: TraceStep[] = [];
  let seconds = 0;
  let ended: string | undefined;
  const reached = () =>
    "iterations" in goal ? (steps.at(-1)?.iteration ?? 0) >= goal.iterations : seconds >= goal.seconds;
  const shown = progress(nameOf(name), goal, { quiet });
  try {
    do {
      const started = performance.now();
      const minibatch = minibatches.next().value;
      const report = await optimizer.step(minibatch).finally(() => disposeAll(minibatch));
      seconds += (performance.now() - started) / 1000;
      const step = traced(report, seconds);
      steps.push(step);
      shown.update(step);
      if (isDue(step) || reached()) steps[steps.length - 1] = { ...step, ...(await evaluate()) };
      await afterStep?.(step);
      await othersTurn(); // Ctrl-C's and the bar's: a backend that never waits would keep them out
    } while (!reached() && !signal.aborted);
  } catch (error) {
    if (!(error instanceof NumericalError)) throw error;
    ended = error.message;
  } finally {
    shown.stop();
  }
  return { steps, seconds, ...(ended !== undefined && { ended }) };
}

/** What `evaluate` finds at the averaged weights θ̄ (§13); nothing where the optimizer has none. */
export async function atAverage<Found extends object>(
  optimizer: Optimizer,
  evaluate: (weights: readonly Tensor[]) => Promise<Found>,
): Promise<Found | Record<string, never>> {
  if (!(optimizer instanceof Kfac && optimizer.options.averaging > 0)) return {};
  const weights = optimizer.averagedWeights;
  try {
    return await evaluate(weights);
  } finally {
    disposeAll(weights);
  }
}

/** An ordinary step has no events, and the trace none of them. */
function traced({ iteration, loss, alpha, mu, lambda, gamma, rho, events }: StepReport, seconds: number): TraceStep {
  return {
    iteration,
    seconds,
    loss,
    ...(alpha !== undefined && { alpha }),
    ...(mu !== undefined && { mu }),
    ...(lambda !== undefined && { lambda }),
    ...(gamma !== undefined && { gamma }),
    ...(rho !== undefined && { rho }),
    ...(events.length > 0 && { events }),
  };
}

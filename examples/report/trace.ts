import { writeNumbers } from "./page.js";

/** One iteration. Losses are means over cases; seconds count training only, from its start. */
export interface TraceStep {
  readonly iteration: number;
  readonly seconds: number;
  /** Of the minibatch, without η. */
  readonly loss: number;
  /** Cross-entropy over the whole training set without η, at the iterations {@link isEvaluated} names. */
  readonly trainingLoss?: number;
  /** Mean over the whole training set of Σ(σ(z) − x)², at the same iterations. */
  readonly squaredError?: number;
  /** Both at the averaged weights θ̄ (§13), where the optimizer averages. */
  readonly averagedTrainingLoss?: number;
  readonly averagedSquaredError?: number;
  /** Of a classifier: loss on held-out cases, and the share of them classified wrongly, at θ and at θ̄. */
  readonly heldOutLoss?: number;
  readonly heldOutError?: number;
  readonly averagedHeldOutLoss?: number;
  readonly averagedHeldOutError?: number;
  readonly alpha?: number;
  readonly mu?: number;
  readonly lambda?: number;
  readonly gamma?: number;
  readonly rho?: number;
  readonly events?: readonly unknown[];
}

/** A setting as the report shows it; lists are joined by commas. */
export type Setting = string | number | boolean | readonly (string | number)[];

export interface Run {
  readonly optimizer: string;
  readonly settings: Readonly<Record<string, Setting>>;
  readonly steps: readonly TraceStep[];
  /** Why it went no further, where its numbers failed. */
  readonly ended?: string;
}

/** The iterations after which the whole training set is evaluated: 1, 5, 10, 20, 50 and every 50 after. */
export function isEvaluated(iteration: number): boolean {
  return [1, 5, 10, 20].includes(iteration) || (iteration > 0 && iteration % 50 === 0);
}

/** Writes `trace.json`, the runs as they are, with null for a number that is not finite. Returns its path. */
export function writeTrace(directory: string, runs: readonly Run[]): string {
  return writeNumbers(directory, "trace.json", runs);
}

/** Where a trainer stood when the whole training set was evaluated; seconds are those of training alone. */
export interface Evaluation {
  readonly iteration: number;
  readonly seconds: number;
  readonly loss: number;
}

/** How a trainer did. */
export interface Outcome {
  readonly trainer: string;
  readonly evaluations: readonly Evaluation[];
}

/** Iterations between evaluations: K-FAC needs a tenth of the others' iterations, so it is looked at more often. */
export const EVERY = { kfac: 5, adam: 25 };

/** The first evaluation at or below the target. */
export function reached({ evaluations }: Outcome, target: number): Evaluation | undefined {
  return evaluations.find(({ loss }) => loss <= target);
}

/** "torch-adam: 67.1 after 1000 iterations, 72.3 s (72.3 ms each)", or where it ended short of the target. */
export function describe(outcome: Outcome, target: number): string {
  const at = reached(outcome, target);
  const last = at ?? outcome.evaluations.at(-1);
  if (last === undefined) return `${outcome.trainer}: no iteration`;
  const { iteration, seconds, loss } = last;
  const where = `${loss.toFixed(1)} after ${iteration} iterations, ${seconds.toFixed(1)} s (${((1000 * seconds) / iteration).toFixed(1)} ms each)`;
  return at === undefined ? `${outcome.trainer}: did not reach ${target}; ${where}` : `${outcome.trainer}: ${where}`;
}

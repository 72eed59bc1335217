import type { KfacOptions } from "kronfac";

/** How much to train where the flags do not say. */
export interface Preset {
  /** Images in a minibatch. */
  readonly batch: number;
  /** Of K-FAC; each baseline then gets the same seconds. */
  readonly iterations: number;
  /** Of each baseline, instead of K-FAC's seconds. */
  readonly baselineIterations?: number;
  readonly kfac?: KfacOptions;
}

/** What reached a cross-entropy of 67.2 in the fewest seconds; docs/performance.md says what each choice bought. */
export const tuned = {
  lambda: 0.03,
  statisticsFraction: 1 / 4,
  modelFraction: 1 / 4,
  adaptGammaEvery: 10,
  invertEvery: 10,
} as const satisfies KfacOptions;

export const presets = {
  /** A look at a slow backend, in a few minutes: calibrating λ would take as long as six iterations, so it is given. */
  slow: { batch: 500, iterations: 3, kfac: { lambda: 1 } },
  /** The same network, far enough to see the optimizers part. */
  fast: { batch: 1000, iterations: 60, kfac: tuned },
  /** --full: the figures of the README. */
  full: { batch: 1000, iterations: 150, baselineIterations: 2000, kfac: tuned },
} as const satisfies Record<string, Preset>;

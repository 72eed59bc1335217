import { blockDiagonal } from "./blockDiagonal.js";
import { checkOption, checkOptionNames } from "../network/checkOption.js";
import { dampingNorms, type DampingNorm } from "./damping.js";
import { fisherModes, type FisherMode } from "./fisher.js";
import type { InverseStrategy } from "./inverse.js";

export interface KfacOptions {
  /** How F̃ is approximately inverted: `blockDiagonal` (§4.2), `blockTridiagonal` (§4.3), `fullKronecker`, `exactTikhonov`, or your own. */
  readonly inverse?: InverseStrategy;
  /** Where the g of the statistics come from (§5). */
  readonly fisher?: FisherMode;
  /** λ to start from (§6.5), or "calibrate": the mean of F̃'s diagonal on the first batch. */
  readonly lambda?: number | "calibrate";
  /** η: L2 regularisation (weight decay). */
  readonly eta?: number;
  /** γ to start from; √(λ + η) where it is missing (§6.6). */
  readonly gamma?: number;
  /** How πᵢ is computed (§6.3). */
  readonly dampingNorm?: DampingNorm;
  /** Whether δ₀ takes part in the step (§7). */
  readonly momentum?: boolean;
  /** T₁: λ adapts every so many iterations; 0: never. */
  readonly adaptLambdaEvery?: number;
  /** T₂: γ is searched every so many iterations; 0: never. */
  readonly adaptGammaEvery?: number;
  /** T₃: the inverse is recomputed every so many iterations, and in the first three. */
  readonly invertEvery?: number;
  /** τ₁: the fraction of the batch that statistics are taken on (§8). */
  readonly statisticsFraction?: number;
  /** τ₂: the fraction of the batch that products with the exact Fisher are taken on (§8). */
  readonly modelFraction?: number;
  /** ξ of the averaged weights θ̄ ← ξθ̄ + (1 − ξ)θ (§13); 0: no averaging. */
  readonly averaging?: number;
  /**
   * Whether a step is taken back that raised h: at once where h is measured after it (every T₁), at the next step where it more than
   * doubled h.
   */
  readonly rejection?: boolean;
  /** The largest δᵀFδ of a step, twice the KL divergence it may make; longer steps are shortened. */
  readonly normConstraint?: number;
  /** Whether M in ρ includes the damping term ½λ‖δ‖², as in §6.5. */
  readonly dampedReduction?: boolean;
  /** Fixes what is sampled. */
  readonly seed?: number;
}

/** Exactly Algorithm 2: no calibration, rejection, averaging or norm constraint. Spread it: { ...paper, lambda: 1 }. */
export const paper = {
  fisher: "sampled",
  lambda: 150,
  eta: 1e-5,
  dampingNorm: "trace",
  momentum: true,
  adaptLambdaEvery: 5,
  adaptGammaEvery: 20,
  invertEvery: 20,
  statisticsFraction: 1 / 8,
  modelFraction: 1 / 4,
  averaging: 0,
  rejection: false,
  normConstraint: Infinity,
  dampedReduction: true,
} as const satisfies KfacOptions;

/** What Kfac does where it is told nothing. */
export const defaults = {
  ...paper,
  inverse: blockDiagonal,
  lambda: "calibrate",
  adaptGammaEvery: 10,
  invertEvery: 10,
  statisticsFraction: 1 / 4,
  modelFraction: 1,
  averaging: 0.99,
  rejection: true,
  seed: 0,
} as const satisfies KfacOptions;

/** Options with their defaults filled in. */
export type ResolvedOptions = Required<Omit<KfacOptions, "gamma">> & Pick<KfacOptions, "gamma">;

/** The options with their defaults. @throws RangeError for a value out of range, naming it and the range. */
export function resolveOptions(options: KfacOptions): ResolvedOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved: ResolvedOptions = { ...defaults, ...given };
  checkOptionNames("kfac", given, [...Object.keys(defaults), "gamma"]);
  const check = (name: keyof KfacOptions, range: string, holds: (x: number) => boolean) =>
    checkOption("kfac", name, resolved[name], range, (value) => typeof value === "number" && holds(value));
  const period = "an integer of at least 0 (0: never)";
  const isPeriod = (x: number) => Number.isInteger(x) && x >= 0;
  if (resolved.lambda !== "calibrate")
    check("lambda", 'a number of at least 0, or "calibrate"', (x) => x >= 0 && x < Infinity);
  check("eta", "a number of at least 0", (x) => x >= 0 && x < Infinity);
  if (resolved.gamma !== undefined) check("gamma", "a number of at least 0", (x) => x >= 0 && x < Infinity);
  check("adaptLambdaEvery", period, isPeriod);
  check("adaptGammaEvery", period, isPeriod);
  check("invertEvery", "an integer of at least 1", (x) => Number.isInteger(x) && x >= 1);
  check("statisticsFraction", "in (0, 1]", (x) => x > 0 && x <= 1);
  check("modelFraction", "in (0, 1]", (x) => x > 0 && x <= 1);
  check("averaging", "in [0, 1)", (x) => x >= 0 && x < 1);
  check("normConstraint", "positive", (x) => x > 0);
  check("seed", "an integer of at least 0", (x) => Number.isSafeInteger(x) && x >= 0);
  checkOption("kfac", "inverse", resolved.inverse, "a function: blockDiagonal, say", (f) => typeof f === "function");
  for (const [name, values] of [
    ["fisher", fisherModes],
    ["dampingNorm", dampingNorms],
    ["momentum", [true, false]],
    ["rejection", [true, false]],
    ["dampedReduction", [true, false]],
  ] as const)
    checkOption("kfac", name, resolved[name], `one of ${values.join(", ")}`, (value) =>
      (values as readonly unknown[]).includes(value),
    );
  return resolved;
}

import { defaults, glorot, paper, sparse, type Backend, type Initialize, type KfacOptions } from "kronfac";
import { isSlow } from "../backend.js";
import type { Images } from "../data/images.js";
import { UsageError } from "../usage-error.js";
import { kfacContenders, type Contender } from "../contender.js";
import { inverses, nameOfInverse } from "./inverses.js";
import type { InverseName, OptimizerName, Options } from "./options.js";
import { presets, type Preset } from "./presets.js";

/** All that decides a run, for every optimizer alike but for `kfac` and the learning rates. */
export interface Settings {
  readonly layers: readonly number[];
  readonly batch: number;
  readonly iterations: number;
  readonly baselineIterations?: number;
  readonly seed: number;
  readonly backend: Backend;
  readonly dtype: "float32" | "float64";
  readonly initialize: "glorot" | "sparse";
  /** η, which the baselines have too. */
  readonly eta: number;
  readonly kfac: KfacOptions;
  /** Who trains. */
  readonly contenders: readonly Contender<OptimizerName>[];
  /** The iteration from which K-FAC's minibatches are the whole training set. */
  readonly schedule?: number;
  readonly learningRate: Options["learningRate"];
  readonly checkpoints: Pick<Options, "save" | "saveEvery" | "resume">;
}

/**
 * The preset, then --paper, then the flags: each overrides those before it. --iterations given, baselines get K-FAC's seconds
 * again.
 * @throws UsageError for a batch larger than the data
 */
export function settingsFor(options: Options, images: Images, backend: Backend): Settings {
  const preset: Preset = options.full ? presets.full : isSlow(backend) ? presets.slow : presets.fast;
  const { iterations = preset.iterations, batch = Math.min(preset.batch, images.count) } = options;
  if (batch > images.count)
    throw new UsageError(
      `--batch ${batch} is more than the ${images.count} images of ${images.name}; give at most ${images.count}`,
    );
  const baselineIterations = options.iterations === undefined ? preset.baselineIterations : undefined;
  const { optimizers, inverses: chosen = [nameOfDefault], withoutMomentum, schedule } = options;
  const kfac: KfacOptions = {
    ...preset.kfac,
    ...(options.paper && paper),
    ...options.kfac,
    ...(options.inverses && { inverse: inverses[chosen[0]] }),
    seed: options.seed,
  };
  const contenders = optimizers.flatMap((family): Contender<OptimizerName>[] =>
    family === "kfac"
      ? kfacContenders(kfac, inverses, { inverses: chosen, withoutMomentum })
      : [{ family, name: family }],
  );
  const { save, saveEvery, resume } = options;
  for (const [flag, file] of Object.entries({ save, resume }))
    if (file !== undefined && contenders.length !== 1)
      throw new UsageError(`--${flag} is of one optimizer, and ${contenders.length} train; add --optimizers kfac`);
  return {
    layers: options.layers,
    batch,
    iterations,
    ...(baselineIterations !== undefined && { baselineIterations }),
    seed: options.seed,
    backend,
    dtype: options.dtype ?? "float32",
    initialize: options.initialize ?? "glorot",
    eta: kfac.eta ?? defaults.eta,
    kfac,
    contenders,
    ...(schedule !== undefined && { schedule }),
    learningRate: options.learningRate,
    checkpoints: {
      ...(save !== undefined && { save }),
      ...(saveEvery !== undefined && { saveEvery }),
      ...(resume !== undefined && { resume }),
    },
  };
}

const nameOfDefault = nameOfInverse(defaults.inverse) as InverseName;

/** How weights start (§13 has 15 incoming weights a unit). */
export const initializers: Readonly<Record<Settings["initialize"], Initialize>> = { glorot, sparse: sparse(15) };

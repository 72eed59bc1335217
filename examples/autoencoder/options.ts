import { Command, Option } from "commander";
import { BACKENDS, checkThreads } from "../backend.js";
import {
  choice,
  fraction,
  learningRates,
  names,
  number,
  parseFlags,
  positive,
  seed,
  wholeNumber,
  widths,
} from "../command-line.js";
import { UsageError } from "../usage-error.js";
import { presets } from "./presets.js";

export const OPTIMIZERS = ["kfac", "adam", "sgd"] as const;
export const DTYPES = ["float32", "float64"] as const;
export const INVERSES = ["block-diagonal", "block-tridiagonal", "exact-tikhonov"] as const;
export const FISHERS = ["sampled", "exact", "curvature-propagation", "empirical"] as const;
export const INITIALIZERS = ["glorot", "sparse"] as const;

export type OptimizerName = (typeof OPTIMIZERS)[number];
export type InverseName = (typeof INVERSES)[number];

/** What the command line says. A flag that was not given leaves its key out, so a spread over a preset changes only what was asked for. */
export interface Options {
  readonly optimizers: readonly OptimizerName[];
  readonly learningRate: Readonly<Record<Exclude<OptimizerName, "kfac">, number>>;
  /** The encoder's widths, the code last; the decoder mirrors them and the images give the first and last width. */
  readonly layers: readonly number[];
  readonly seed: number;
  readonly out: string;
  readonly paper: boolean;
  readonly full: boolean;
  readonly quiet: boolean;
  readonly iterations?: number;
  readonly batch?: number;
  readonly backend?: (typeof BACKENDS)[number];
  readonly threads?: number;
  readonly dtype?: (typeof DTYPES)[number];
  readonly initialize?: (typeof INITIALIZERS)[number];
  readonly data?: string;
  /** Of K-FAC: one run for each, and the library's default where there is none. */
  readonly inverses?: readonly InverseName[];
  /** Whether K-FAC also runs without momentum. */
  readonly withoutMomentum: boolean;
  /** The iteration from which K-FAC's minibatches are the whole training set; they grow until then. */
  readonly schedule?: number;
  /** Where the checkpoint goes, at the end and when interrupted. */
  readonly save?: string;
  /** And after every so many iterations. */
  readonly saveEvery?: number;
  /** The checkpoint to go on from. */
  readonly resume?: string;
  readonly kfac: KfacFlags;
}

/** The flags that go to K-FAC: spread them last, after `paper` where it was asked for. */
export interface KfacFlags {
  readonly fisher?: (typeof FISHERS)[number];
  readonly lambda?: number;
  readonly eta?: number;
  readonly statisticsFraction?: number;
  readonly modelFraction?: number;
  readonly adaptGammaEvery?: number;
  readonly invertEvery?: number;
}

/**
 * Reads the flags after `npm start --`. Prints nothing and leaves the process alone.
 *
 * @returns the options, or the text to print where --help was among them
 * @throws UsageError one line that says what is wrong and what to give instead
 */
export function parseOptions(argv: readonly string[]): Options | { readonly help: string } {
  const parsed = parseFlags(command(), argv);
  return "help" in parsed ? parsed : toOptions(parsed.flags as Flags);
}

type Flags = Omit<Options, "kfac" | "learningRate" | "inverses" | "schedule"> &
  KfacFlags & {
    inverse?: InverseName[];
    learningRate?: Partial<Options["learningRate"]>;
    /** true where the flag has no value. */
    schedule?: number | true;
  };

/** §13: the whole set from iteration 500. */
const PAPER_SCHEDULE = 500;

/** Of the baselines, where no flag says otherwise. */
const RATES = { adam: 1e-3, sgd: 3e-3 };

const WHERE = "Where it runs and what it leaves:";

function command(): Command {
  const { fast, slow } = presets;
  return new Command("npm start --")
    .usage("[flags]")
    .description("Trains a deep autoencoder on images of digits with K-FAC beside Adam and Nesterov SGD.")
    .addHelpOption(new Option("-h, --help", "show this text").helpGroup(WHERE))
    .optionsGroup("What to train:")
    .option("--optimizers <names>", `any of ${OPTIMIZERS.join(",")} (default: all)`, names("optimizer", OPTIMIZERS))
    .option(
      "--iterations <n>",
      `of K-FAC, each baseline getting its seconds; of every optimizer where K-FAC is left out (default: ${fast.iterations}; ${slow.iterations} on cpu)`,
      wholeNumber(1),
    )
    .option("--batch <n>", `images in a minibatch (default: ${fast.batch}; ${slow.batch} on cpu)`, wholeNumber(1))
    .option(
      "--layers <widths>",
      "the encoder's widths, the code last (default: 1000,500,250,30)",
      widths("the encoder's widths", [1000, 500, 250, 30]),
    )
    .addOption(choice("--initialize <how>", "how weights start", INITIALIZERS))
    .option("--seed <n>", "of weights, batches and samples (default: 0)", seed)
    .option(
      "--data <directory>",
      "IDX files of a training set, gzipped or not (default: the digits of the mnist package)",
    )
    .option(
      "--learning-rate <rates>",
      "of the baselines: one number, or adam=0.001,sgd=0.003 (the default)",
      learningRates(RATES),
    )
    .option("--full", "the run whose figures the README gives; it takes much longer")
    .optionsGroup("K-FAC (the library's defaults where not given):")
    .option("--paper", "exactly Algorithm 2's options, which the flags here then override")
    .option(
      "--inverse <kinds>",
      `which inverse of the Fisher, or several to compare: ${INVERSES.join(",")}`,
      names("inverse", INVERSES),
    )
    .option("--without-momentum", "a further run of K-FAC, without momentum")
    .option(
      "--schedule [n]",
      `K-FAC's minibatches grow from --batch, exponentially, to the whole set at iteration n (default: ${PAPER_SCHEDULE})`,
      wholeNumber(2),
    )
    .addOption(choice("--fisher <mode>", "how its statistics are taken", FISHERS))
    .option("--lambda <x>", "initial damping λ", positive)
    .option(
      "--eta <x>",
      "weight decay η",
      number("0 or more", (x) => x >= 0),
    )
    .option("--statistics-fraction <x>", "τ₁, the part of the batch that gives statistics", fraction)
    .option("--model-fraction <x>", "τ₂, the part of the batch that gives exact Fisher products", fraction)
    .option(
      "--adapt-gamma-every <n>",
      "T₂, iterations between searches of γ, a multiple of T₃; 0: none",
      wholeNumber(0),
    )
    .option("--invert-every <n>", "T₃, iterations between inversions", wholeNumber(1))
    .optionsGroup(WHERE)
    .addOption(choice("--backend <name>", "what computes", BACKENDS))
    .option("--threads <n>", "of the wasm backend", wholeNumber(1))
    .addOption(choice("--dtype <name>", "precision of the network", DTYPES))
    .option("--out <directory>", "where report.html and trace.json go (default: output)")
    .option("--save <file>", "a checkpoint of the one optimizer that trains: at the end, and on Ctrl-C")
    .option("--save-every <n>", "and after every so many iterations", wholeNumber(1))
    .option("--resume <file>", "go on from a checkpoint, up to --iterations; the other flags must be as they were")
    .option("--quiet", "no progress")
    .addHelpText("after", "\nFor example: npm start -- --optimizers kfac,adam --iterations 50 --batch 1000 --seed 1");
}

function toOptions({
  inverse,
  fisher,
  lambda,
  eta,
  statisticsFraction,
  modelFraction,
  adaptGammaEvery,
  invertEvery,
  schedule,
  ...flags
}: Flags): Options {
  checkThreads(flags);
  if (flags.saveEvery !== undefined && flags.save === undefined)
    throw new UsageError("--save-every says how often, but not where; add --save FILE");
  const kfac = { fisher, lambda, eta, statisticsFraction, modelFraction, adaptGammaEvery, invertEvery };
  return {
    ...{ optimizers: OPTIMIZERS, layers: [1000, 500, 250, 30], seed: 0, out: "output" },
    ...{ paper: false, full: false, quiet: false, withoutMomentum: false },
    ...flags,
    ...(inverse !== undefined && { inverses: inverse }),
    ...(schedule !== undefined && { schedule: schedule === true ? PAPER_SCHEDULE : schedule }),
    learningRate: { ...RATES, ...flags.learningRate },
    kfac: Object.fromEntries(Object.entries(kfac).filter(([, value]) => value !== undefined)),
  };
}

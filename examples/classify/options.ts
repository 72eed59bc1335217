import { Command, Option } from "commander";
import { BACKENDS, checkThreads, type BackendFlags } from "../backend.js";
import { choice, learningRates, names, parseFlags, positive, seed, wholeNumber, widths } from "../command-line.js";

export const OPTIMIZERS = ["kfac", "natural", "adam", "sgd"] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

export const INVERSES = ["block-diagonal", "block-tridiagonal"] as const;
export type InverseName = (typeof INVERSES)[number];

/** The two networks: the one to classify with, and one small enough for F as a matrix. */
export const NETWORKS = ["large", "small"] as const;
export type NetworkName = (typeof NETWORKS)[number];

export interface Options extends BackendFlags {
  readonly networks: readonly NetworkName[];
  /** Those of them that a network can have: the natural gradient trains the small one alone. */
  readonly optimizers: readonly OptimizerName[];
  /** Of K-FAC: a run for each. */
  readonly inverses: readonly InverseName[];
  readonly withoutMomentum: boolean;
  /** Widths of the hidden layers of the large network, and of the small one. */
  readonly layers: readonly number[];
  readonly smallLayers: readonly number[];
  readonly batch: number;
  /** Of K-FAC and of the natural gradient. */
  readonly iterations: number;
  /** What Adam and SGD get as much of as K-FAC. */
  readonly equal: "seconds" | "iterations";
  readonly learningRate: Readonly<Record<"adam" | "sgd" | "natural", number>>;
  /** λ of the natural gradient. */
  readonly naturalLambda: number;
  /** Initial λ of K-FAC; the library's default where it is missing. */
  readonly lambda?: number;
  readonly data?: string;
  readonly seed: number;
  readonly quiet: boolean;
  readonly out: string;
}

export const defaults: Options = {
  networks: NETWORKS,
  optimizers: OPTIMIZERS,
  inverses: INVERSES,
  withoutMomentum: false,
  layers: [300, 100],
  smallLayers: [10, 10],
  batch: 1000,
  iterations: 60,
  equal: "seconds",
  learningRate: { adam: 0.02, sgd: 0.3, natural: 0.5 },
  naturalLambda: 0.01,
  seed: 0,
  quiet: false,
  out: "output/classify",
};

/**
 * Reads the flags after `npm run classify --`.
 *
 * @returns the options, or the text to print where --help was among them
 * @throws UsageError one line that says what is wrong and what to give instead
 */
export function parseOptions(argv: readonly string[]): Options | { readonly help: string } {
  const parsed = parseFlags(command(), argv);
  if ("help" in parsed) return parsed;
  const flags = parsed.flags as Partial<Options>;
  checkThreads(flags);
  return { ...defaults, ...flags, learningRate: { ...defaults.learningRate, ...flags.learningRate } };
}

function command(): Command {
  return new Command("npm run classify --")
    .usage("[flags]")
    .description("Trains classifiers of digits with K-FAC beside Adam, SGD and the exact natural gradient.")
    .addHelpOption(new Option("-h, --help", "show this text"))
    .option("--networks <names>", `any of ${NETWORKS.join(",")} (default: both)`, names("network", NETWORKS))
    .option(
      "--optimizers <names>",
      `any of ${OPTIMIZERS.join(",")}; natural trains the small network alone (default: all)`,
      names("optimizer", OPTIMIZERS),
    )
    .option("--inverses <names>", `of K-FAC, any of ${INVERSES.join(",")} (default: both)`, names("inverse", INVERSES))
    .option("--without-momentum", "further runs of K-FAC, without momentum")
    .option(
      "--layers <widths>",
      "hidden layers of the large network (default: 300,100)",
      widths("the widths of the hidden layers", defaults.layers),
    )
    .option(
      "--small-layers <widths>",
      "hidden layers of the small one, on images of 8 × 8 pixels (default: 10,10)",
      widths("the widths of the hidden layers", defaults.smallLayers),
    )
    .option("--batch <n>", "images in a minibatch (default: 1000)", wholeNumber(1))
    .option("--iterations <n>", "of K-FAC and the natural gradient (default: 60)", wholeNumber(1))
    .addOption(
      choice("--equal <what>", "what Adam and SGD get as much of as K-FAC (default: seconds)", [
        "seconds",
        "iterations",
      ]),
    )
    .option(
      "--learning-rate <rates>",
      "one number, or adam=0.02,sgd=0.3,natural=0.5 (the default)",
      learningRates(defaults.learningRate),
    )
    .option("--natural-lambda <x>", "damping λ of the natural gradient (default: 0.01)", positive)
    .option("--lambda <x>", "initial damping λ of K-FAC (default: the mean curvature)", positive)
    .option(
      "--data <directory>",
      "IDX files of a training set, and t10k files to hold out (default: the digits of the mnist package)",
    )
    .option("--seed <n>", "of weights, batches and samples (default: 0)", seed)
    .addOption(choice("--backend <name>", "what computes", BACKENDS))
    .option("--threads <n>", "of the wasm backend", wholeNumber(1))
    .option("--out <directory>", "where report.html and classify.json go (default: output/classify)")
    .option("--quiet", "no progress");
}

import { Command } from "commander";
import { choice, wholeNumber } from "../../examples/command-line.js";
import { UsageError } from "../../examples/usage-error.js";
import { parseFlags } from "../flags.js";
import { paperSchedule } from "../iteration-counts.js";

export const OPTIMIZERS = ["kfac", "adam", "sgd"] as const;
export const INVERSES = ["block-diagonal", "block-tridiagonal", "exact-tikhonov"] as const;
export const BACKENDS = ["wasm", "cpu"] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];
export type InverseName = (typeof INVERSES)[number];

export interface ProfileOptions {
  readonly optimizer: OptimizerName;
  readonly inverse: InverseName;
  readonly backend: (typeof BACKENDS)[number];
  readonly threads: number;
  readonly iterations: number;
}

/** Reads the flags after `npm run profile --`. @throws UsageError in one line. */
export function parseProfileOptions(argv: readonly string[]): ProfileOptions | { readonly help: string } {
  const options = parseFlags<ProfileOptions>(command(), argv, {
    optimizer: "kfac",
    inverse: "block-diagonal",
    backend: "wasm",
    threads: 1,
    iterations: paperSchedule.period,
  });
  if ("help" in options) return options;
  if (options.backend === "cpu" && options.threads > 1)
    throw new UsageError("--threads is for the wasm backend, and --backend says cpu; leave one of them out");
  return options;
}

function command(): Command {
  return new Command("npm run profile --")
    .usage("[flags]")
    .description(
      "Prints where the time of an average training iteration of the autoencoder goes, beside its counted floor.",
    )
    .addOption(choice("--optimizer <name>", "whose iteration (default: kfac)", OPTIMIZERS))
    .addOption(choice("--inverse <kind>", "of the Fisher, for kfac (default: block-diagonal)", INVERSES))
    .addOption(choice("--backend <name>", "what computes (default: wasm)", BACKENDS))
    .option("--threads <n>", "of the wasm backend (default: 1)", wholeNumber(1))
    .option(
      "--iterations <n>",
      `to average over (default: ${paperSchedule.period}, after which K-FAC repeats itself)`,
      wholeNumber(1),
    );
}

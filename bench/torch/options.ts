import { Command } from "commander";
import { choice, fraction, positive, wholeNumber } from "../../examples/command-line.js";
import { parseFlags } from "../flags.js";

export const TRAINERS = ["torch-adam", "kronfac-kfac", "kronfac-adam"] as const;
export type Trainer = (typeof TRAINERS)[number];

export interface TorchOptions {
  readonly threads: number;
  /** The training cross-entropy to reach. */
  readonly target: number;
  /** Iterations after which a first-order trainer gives up. */
  readonly iterations: number;
  readonly seed: number;
  /** Damping K-FAC starts from. */
  readonly lambda?: number;
  readonly modelFraction?: number;
  readonly python: string;
  readonly only?: Trainer;
}

/** Reads the flags after `npm run bench:torch --`. @throws UsageError in one line. */
export function parseTorchOptions(argv: readonly string[]): TorchOptions | { readonly help: string } {
  return parseFlags<TorchOptions>(command(), argv, {
    threads: 1,
    target: 67.2,
    iterations: 2000,
    seed: 0,
    python: "/usr/bin/python3",
  });
}

function command(): Command {
  return new Command("npm run bench:torch --")
    .usage("[flags]")
    .description(
      "Trains the autoencoder to a cross-entropy with PyTorch's Adam, then with kronfac's K-FAC and Adam, from the same weights on the same minibatches.",
    )
    .option("--threads <n>", "of each (default: 1)", wholeNumber(1))
    .option("--target <x>", "training cross-entropy to reach (default: 67.2)", positive)
    .option("--iterations <n>", "at which each gives up (default: 2000)", wholeNumber(1))
    .option("--seed <n>", "of weights, minibatches and samples (default: 0)", wholeNumber(0))
    .option("--lambda <x>", "damping that K-FAC starts from (default: npm start's)", positive)
    .option("--model-fraction <x>", "τ₂ of K-FAC (default: npm start's)", fraction)
    .option("--python <file>", "an interpreter that has PyTorch (default: Debian's, with python3-torch)")
    .addOption(choice("--only <trainer>", "leave the others out", TRAINERS));
}

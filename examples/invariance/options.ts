import { Command, Option } from "commander";
import { BACKENDS, type BackendFlags } from "../backend.js";
import { choice, parseFlags, positive, seed, wholeNumber } from "../command-line.js";

export interface Options extends BackendFlags {
  /** Of the digits whose divergence is measured, and of the teacher's inputs. */
  readonly cases: number;
  /** Of every trajectory. */
  readonly iterations: number;
  /** λ of the natural-gradient directions of the divergence. */
  readonly lambda: number;
  readonly seed: number;
  readonly out: string;
}

export const defaults: Options = { cases: 1000, iterations: 40, lambda: 0.001, seed: 0, out: "output/invariance" };

/**
 * Reads the flags after `npm run invariance --`.
 *
 * @returns the options, or the text to print where --help was among them
 * @throws UsageError one line that says what is wrong and what to give instead
 */
export function parseOptions(argv: readonly string[]): Options | { readonly help: string } {
  const parsed = parseFlags(command(), argv);
  return "help" in parsed ? parsed : { ...defaults, ...(parsed.flags as Partial<Options>) };
}

function command(): Command {
  return new Command("npm run invariance --")
    .usage("[flags]")
    .description("What a step changes in the predictions, and that K-FAC's steps do not depend on the parameters.")
    .addHelpOption(new Option("-h, --help", "show this text"))
    .option("--cases <n>", "digits, and inputs of the teacher (default: 1000)", wholeNumber(100, 10_000))
    .option("--iterations <n>", "of every trajectory (default: 40)", wholeNumber(1))
    .option("--lambda <x>", "damping of the natural-gradient directions (default: 0.001)", positive)
    .option("--seed <n>", "of weights, inputs and samples (default: 0)", seed)
    .addOption(choice("--backend <name>", "what computes", BACKENDS))
    .option("--threads <n>", "of the wasm backend", wholeNumber(1))
    .option("--out <directory>", "where report.html and invariance.json go (default: output/invariance)");
}

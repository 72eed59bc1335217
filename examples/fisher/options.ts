import { Command, InvalidArgumentError, Option } from "commander";
import { BACKENDS, type BackendFlags } from "../backend.js";
import { choice, fraction, parseFlags, parseNumber, positive, seed, wholeNumber, widths } from "../command-line.js";

export interface Options extends BackendFlags {
  /** Width and height that the digits are scaled down to. */
  readonly side: number;
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[];
  /** Digits that are trained on and that F is taken over; all of them where it is missing. */
  readonly cases?: number;
  /** Training ends below this share of digits classified wrongly. */
  readonly error: number;
  /** The γ of the pictures. */
  readonly gamma: number;
  /** The γ of the table. */
  readonly gammas: readonly number[];
  readonly seed: number;
  readonly out: string;
}

export const defaults: Options = {
  side: 16,
  hidden: [20, 20, 20, 20, 20],
  error: 0.1,
  gamma: 0.01,
  gammas: [0.001, 0.01, 0.1, 1],
  seed: 0,
  out: "output/fisher",
};

/**
 * Reads the flags after `npm run fisher --`.
 *
 * @returns the options, or the text to print where --help was among them
 * @throws UsageError one line that says what is wrong and what to give instead
 */
export function parseOptions(argv: readonly string[]): Options | { readonly help: string } {
  const parsed = parseFlags(command(), argv);
  return "help" in parsed ? parsed : { ...defaults, ...(parsed.flags as Partial<Options>) };
}

function command(): Command {
  return new Command("npm run fisher --")
    .usage("[flags]")
    .description(
      "Pictures of the Fisher of a network's middle layers, of its Kronecker factorisation, and of their inverses.",
    )
    .addHelpOption(new Option("-h, --help", "show this text"))
    .option("--side <n>", "width and height of a digit, averaged down from 28 (default: 16)", wholeNumber(2, 28))
    .option(
      "--hidden <widths>",
      "of the hidden layers, three or more (default: 20,20,20,20,20)",
      widths("the widths of the hidden layers", defaults.hidden, 3),
    )
    .option("--cases <n>", "digits to train on and to take F over (default: all 10,000)", wholeNumber(10))
    .option("--error <x>", "training error to stop below (default: 0.1)", fraction)
    .option("--gamma <x>", "damping γ of the pictures (default: 0.01)", positive)
    .option("--gammas <list>", "damping γ of the table (default: 0.001,0.01,0.1,1)", gammas)
    .option("--seed <n>", "of weights and samples (default: 0)", seed)
    .addOption(choice("--backend <name>", "what computes", BACKENDS))
    .option("--threads <n>", "of the wasm backend", wholeNumber(1))
    .option("--out <directory>", "where report.html and fisher.json go (default: output/fisher)");
}

function gammas(text: string): number[] {
  const values = text.split(",").map(parseNumber);
  if (!values.every((gamma) => gamma > 0 && Number.isFinite(gamma)))
    throw new InvalidArgumentError("Give numbers above 0 separated by commas, such as 0.001,0.01.");
  return values;
}

import { InvalidArgumentError, Option, type Command } from "commander";
import { parseFlags as parseGiven } from "../examples/command-line.js";

/**
 * What a command line says, over defaults; or the text to print where --help was among the flags.
 *
 * @throws UsageError one line that says what is wrong and what to give instead
 */
export function parseFlags<Flags extends object>(
  command: Command,
  argv: readonly string[],
  defaults: Flags,
): Flags | { readonly help: string } {
  const parsed = parseGiven(command, argv);
  return "help" in parsed ? parsed : { ...defaults, ...(parsed.flags as Partial<Flags>) };
}

export function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

export function simdOption(): Option {
  const builds = ["baseline", "relaxed", "turbo"];
  return new Option("--simd <build>", "which build of the kernels (default: relaxed)").choices(builds);
}

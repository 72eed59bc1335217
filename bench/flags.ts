import { CommanderError, InvalidArgumentError, type Command } from "commander";
import { UsageError } from "../examples/usage-error.js";

/**
 * What a command line says, over defaults. Prints nothing and leaves the process alone.
 *
 * @returns the flags, or the text to print where --help was among them
 * @throws UsageError one line that says what is wrong and what to give instead
 */
export function parseFlags<Flags extends object>(
  command: Command,
  argv: readonly string[],
  defaults: Flags,
): Flags | { readonly help: string } {
  let help = "";
  command
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => (help += text), writeErr: () => undefined });
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { help };
    throw new UsageError(oneLine(error, command.args));
  }
  return { ...defaults, ...command.opts<Partial<Flags>>() };
}

/** The value of a flag that takes a whole number. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (!(Number.isSafeInteger(value) && value >= least))
      throw new InvalidArgumentError(`Give a whole number of at least ${least}.`);
    return value;
  };
}

/** The value of a flag that takes a number above 0. */
export function positiveNumber(text: string): number {
  const value = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : NaN;
  if (!(Number.isFinite(value) && value > 0)) throw new InvalidArgumentError("Give a number above 0.");
  return value;
}

function oneLine({ code, message }: CommanderError, args: readonly string[]): string {
  if (code === "commander.excessArguments") return `unexpected argument '${args[0]}'; --help lists the flags`;
  const text = message
    .replace(/^error: /, "")
    .replaceAll("\n", " ")
    .replace(/\.$/, "");
  return `${text}; --help lists the flags`;
}

import { CommanderError, InvalidArgumentError, Option, type Command } from "commander";
import { UsageError } from "./usage-error.js";

/**
 * Reads flags. Prints nothing and leaves the process alone.
 *
 * @returns the flags that were given, or the text to print where --help was among them
 * @throws UsageError one line that says what is wrong and what to give instead
 */
export function parseFlags(
  program: Command,
  argv: readonly string[],
): { readonly flags: object } | { readonly help: string } {
  let help = "";
  program
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => (help += text), writeErr: () => undefined });
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { help };
    throw new UsageError(oneLine(error, program));
  }
  return { flags: program.opts() };
}

/** Commander's messages begin with "error: " and may take two lines; they say what is wrong but not always what to do. */
function oneLine({ code, message }: CommanderError, program: Command): string {
  if (code === "commander.excessArguments") {
    return `unexpected argument '${program.args[0]}'; flags follow a double dash: ${program.name()} --iterations 20`;
  }
  return `${message
    .replace(/^error: /, "")
    .replaceAll("\n", " ")
    .replace(/\.$/, "")}; --help lists the flags`;
}

/** A flag that takes one of a few words. */
export function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices);
}

/** Names out of a few, separated by commas, each at most once. `one` is what a name stands for. */
export function names<Name extends string>(one: string, all: readonly Name[]): (text: string) => Name[] {
  return (text) => {
    const given = text.split(",").map((name) => name.trim());
    if (new Set(given).size < given.length) throw new InvalidArgumentError(`Name each ${one} once.`);
    return given.map((name) => {
      const known = all.find((candidate) => candidate === name);
      if (known === undefined) throw new InvalidArgumentError(`Give any of ${all.join(",")}, separated by commas.`);
      return known;
    });
  };
}

export function number(range: string, holds: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = parseNumber(text);
    if (!(Number.isFinite(value) && holds(value))) throw new InvalidArgumentError(`Give a number ${range}.`);
    return value;
  };
}

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `of at least ${least}`;
  return (text) => {
    const value = parseNumber(text);
    if (!(Number.isInteger(value) && value >= least && value <= most)) {
      throw new InvalidArgumentError(`Give a whole number ${range}.`);
    }
    return value;
  };
}

/** Widths of layers. `what` they are, and an example. */
export function widths(what: string, example: readonly number[], least = 1): (text: string) => number[] {
  return (text) => {
    const values = text.split(",").map(parseNumber);
    if (values.length >= least && values.every((width) => Number.isInteger(width) && width >= 1)) return values;
    const number = least > 1 ? `, ${least} or more of them` : "";
    throw new InvalidArgumentError(
      `Give ${what}, whole numbers separated by commas${number}, such as ${example.join(",")}.`,
    );
  };
}

/** One learning rate for all, or name=rate for some. */
export function learningRates<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
): (text: string) => Partial<Record<Name, number>> {
  const all = Object.keys(defaults) as Name[];
  const example = all.map((name) => `${name}=${defaults[name]}`).join(",");
  const rate = (text: string): number => {
    const value = parseNumber(text);
    if (value > 0 && Number.isFinite(value)) return value;
    throw new InvalidArgumentError(`Give a number above 0, or ${example}.`);
  };
  return (text) => {
    if (!text.includes("=")) return Object.fromEntries(all.map((name) => [name, rate(text)])) as Record<Name, number>;
    const rates: Partial<Record<Name, number>> = {};
    for (const part of text.split(",")) {
      const [name, value = ""] = part.split("=").map((side) => side.trim());
      const known = all.find((candidate) => candidate === name);
      if (known === undefined)
        throw new InvalidArgumentError(`Give rates for ${all.join(" and ")}, such as ${example}.`);
      rates[known] = rate(value);
    }
    return rates;
  };
}

export const positive = number("above 0", (x) => x > 0);

export const fraction = number("above 0 and at most 1", (x) => x > 0 && x <= 1);

export const seed = wholeNumber(0, 2 ** 32 - 1);

/** Decimal notation only: Number("") is 0, and Number("0x10") is 16. NaN where it is something else. */
export const parseNumber = (text: string): number =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : NaN;

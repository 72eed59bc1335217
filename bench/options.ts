import { statSync } from "node:fs";
import { dirname } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { Simd } from "../src/wasm/module.js";
import { parseFlags, regularExpression, simdOption } from "./flags.js";

export interface Options {
  readonly filter?: RegExp;
  readonly json?: string;
  readonly html?: string;
  readonly quick: boolean;
  readonly simd?: Simd;
}

/** Reads the flags after `npm run bench --`. @throws UsageError in one line. */
export function parseOptions(argv: readonly string[]): Options | { readonly help: string } {
  return parseFlags<Options>(command(), argv, { quick: false });
}

function command(): Command {
  return new Command("npm run bench --")
    .usage("[flags]")
    .description("Times kronfac's linear algebra and its optimizers, beside what one core can do at that moment.")
    .option("--filter <regex>", "only the cases whose suite/operation/n/dtype/backend it matches", regularExpression)
    .option("--json <file>", "write the rows there", fileToBe)
    .option("--html <file>", "write a page with tables and charts there", fileToBe)
    .option("--quick", "fewer samples and no size above 1024 (above 128 on cpu)")
    .addOption(simdOption())
    .addHelpText(
      "after",
      [
        "",
        "Backends are cpu (to n = 512), wasm-1 and wasm-N on N threads. For example:",
        "  npm run bench -- --filter 'products/matmul-NN/.*/float32/wasm-1'",
        "  npm run bench -- --filter '^step/' --json steps.json",
      ].join("\n"),
    );
}

/** Checked before the measurements, not after them. */
function fileToBe(path: string): string {
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new InvalidArgumentError(`There is no directory ${folder}.`);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new InvalidArgumentError("It is a directory; name a file in it.");
  return path;
}

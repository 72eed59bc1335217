import { Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "../../examples/command-line.js";
import type { Simd } from "../../src/wasm/module.js";
import { parseFlags, regularExpression, simdOption } from "../flags.js";

export interface PeerOptions {
  readonly filter?: RegExp;
  readonly sizes: readonly number[];
  /** Threads of kronfac; the peers have one each. */
  readonly threads: number;
  readonly simd?: Simd;
}

/** Reads the flags after `npm run bench:peers --`. @throws UsageError in one line. */
export function parsePeerOptions(argv: readonly string[]): PeerOptions | { readonly help: string } {
  return parseFlags<PeerOptions>(command(), argv, { sizes: [64, 256, 512, 1024], threads: 1 });
}

function command(): Command {
  return new Command("npm run bench:peers --")
    .usage("[flags]")
    .description("Times kronfac beside tfjs-wasm, jax-js, ml-matrix and numpy-ts.")
    .option("--filter <regex>", "only the cases whose peer/operation/n/dtype it matches", regularExpression)
    .option("--sizes <list>", "of the square matrices (default: 64,256,512,1024)", sizes)
    .option("--threads <number>", "of kronfac; the peers have one each (default: 1)", wholeNumber(1))
    .addOption(simdOption());
}

function sizes(text: string): number[] {
  return text.split(",").map((size) => {
    const value = /^\d+$/.test(size.trim()) ? Number(size) : 0;
    if (value < 1) throw new InvalidArgumentError("Give sizes separated by commas, such as 64,256.");
    return value;
  });
}

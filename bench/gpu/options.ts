import { Command, Option } from "commander";
import type { GpuMode } from "../../src/gpu/index.js";
import { positive, wholeNumber } from "../../examples/command-line.js";
import { parseFlags } from "../flags.js";

export interface GpuBenchOptions {
  readonly mode: GpuMode;
  readonly size: number;
  readonly batch: number;
  readonly iterations: number;
  /** The card's peaks in TFLOP/s and GB/s, for its roofline. */
  readonly tflops?: number;
  readonly bandwidth?: number;
}

/** Reads the flags after `npm run bench:gpu --`. @throws UsageError in one line. */
export function parseGpuOptions(argv: readonly string[]): GpuBenchOptions | { readonly help: string } {
  return parseFlags<GpuBenchOptions>(command(), argv, { mode: "auto", size: 512, batch: 1000, iterations: 5 });
}

function command(): Command {
  return new Command("npm run bench:gpu --")
    .usage("[flags]")
    .description(
      "Times the gpu.js backend's kernels beside those that gpu.js makes of their bodies, and K-FAC iterations.",
    )
    .addOption(
      new Option("--mode <mode>", "how gpu.js runs the kernels (default: auto)").choices([
        "auto",
        "webgpu",
        "webasm",
        "cpu",
      ]),
    )
    .option("--size <n>", "order of the matrices (default: 512)", wholeNumber(1))
    .option("--batch <m>", "cases of the iterations (default: 1000)", wholeNumber(1))
    .option("--iterations <k>", "iterations of K-FAC on the autoencoder; 0: none (default: 5)", wholeNumber(0))
    .option("--tflops <peak>", "the card's float32 peak in TFLOP/s, for the share of its roofline", positive)
    .option("--bandwidth <peak>", "the card's bandwidth in GB/s, for the share of its roofline", positive);
}

import { availableParallelism } from "node:os";
import { UsageError } from "../examples/usage-error.js";
import { cpu, wasm, type Backend } from "../src/index.js";
import type { WasmOptions } from "../src/index.js";
import { enableRelaxedSimd, enableTurbo } from "../src/wasm/flags.js";
import type { Simd } from "../src/wasm/module.js";

/** Where a case runs. */
export interface Place {
  /** How the place is called in a case's name: cpu, wasm-1, wasm-2. */
  readonly name: string;
  readonly backend: Backend;
  readonly threads: number;
  /** Which build of the kernels runs: relaxed or baseline SIMD, or JavaScript. */
  readonly module: string;
}

/** cpu, wasm on one thread, and wasm on all threads where the machine has more than one. */
export function allPlaces(options?: Omit<WasmOptions, "threads">): Place[] {
  const threads = [...new Set([1, availableParallelism()])];
  return [cpuPlace(), ...threads.map((count) => wasmPlace(count, options))];
}

export function cpuPlace(): Place {
  return { name: "cpu", backend: cpu(), threads: 1, module: "javascript" };
}

/** In the build that fuses multiply-add, which Node 20 has to be asked for, unless it is told otherwise. */
export function wasmPlace(threads: number, options: Omit<WasmOptions, "threads"> = { simd: "relaxed" }): Place {
  const backend = wasm({ ...options, threads });
  return { name: `wasm-${threads}`, backend, threads: backend.threads, module: backend.simd };
}

/** The options of `wasm` for a build of the kernels. @throws UsageError where the engine cannot run it */
export function build(simd: Simd = "relaxed"): Omit<WasmOptions, "threads"> {
  if (simd === "turbo" && !enableTurbo())
    throw new UsageError(
      "--simd turbo: nothing here is joined to 256-bit operations; use Node 24 or newer on a processor with AVX2, or leave the flag out",
    );
  if (simd === "relaxed" && !enableRelaxedSimd())
    throw new UsageError("--simd relaxed: this engine has no relaxed SIMD; use Node, or leave the flag out");
  return simd === "turbo" ? { turbo: true } : { simd };
}

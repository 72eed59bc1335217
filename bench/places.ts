import { availableParallelism } from "node:os";
import { cpu, wasm, type Backend } from "../src/index.js";
import type { WasmOptions } from "../src/index.js";

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

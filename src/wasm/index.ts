import { WasmBackend, type WasmOptions } from "./backend.js";
import { hasSimd } from "./module.js";

export { WasmBackend, type WasmOptions };
export type { Simd } from "./module.js";

let shared: WasmBackend | undefined;

/**
 * The fast backend of the CPU: SIMD kernels in WebAssembly, on all threads unless it is told otherwise. Without options it is the
 * same one every time; with options it is a new one, with memory of its own.
 * @throws Error where the engine has no WebAssembly SIMD.
 */
export function wasm(options?: WasmOptions): WasmBackend {
  if (!hasSimd()) throw new Error("wasm: this engine has no WebAssembly SIMD; use cpu(), or a newer engine");
  if (options !== undefined) return new WasmBackend(options);
  return (shared ??= new WasmBackend());
}

/** Whether `wasm` can be used here. */
export { hasSimd as hasWasm };

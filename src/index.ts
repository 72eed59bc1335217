/**
 * kronfac: K-FAC, the Kronecker-factored natural gradient of Martens & Grosse (2015). Public names in reading order; loading
 * this module starts no worker and compiles nothing.
 */
import { cpu, setDefaultBackend } from "./tensor/index.js";
import { hasWasm, wasm } from "./wasm/index.js";

export * from "./tensor/index.js";
export { wasm, hasWasm, type Simd, type WasmBackend, type WasmOptions } from "./wasm/index.js";
export * from "./autodiff/index.js";
export * from "./network/index.js";
export * from "./kfac/index.js";
export * from "./formats/index.js";
export * from "./checkpoint/index.js";

setDefaultBackend(() => (hasWasm() ? wasm() : cpu()));

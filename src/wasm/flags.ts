import { hasRelaxedSimd, kernelModule, type Kernels, type Simd } from "./module.js";
import { nodeModule } from "./node.js";

/**
 * What V8 can do but keeps behind flags. They hold for the whole process and what it compiles from then on, so they are switched on
 * only where a user of the backend asks.
 */
function setFlag(flag: string): void {
  (nodeModule("node:v8") as { setFlagsFromString(flag: string): void } | undefined)?.setFlagsFromString(flag);
}

/** Switches on relaxed SIMD where Node 20 keeps it behind a flag. Returns whether the engine has it now. */
export function enableRelaxedSimd(): boolean {
  if (!hasRelaxedSimd()) setFlag("--experimental-wasm-relaxed-simd");
  return hasRelaxedSimd();
}

/** The first version of V8 whose revectorisation does something; older ones print that they do not know the flag. */
const REVECTORIZING = 13;

/** The turbo build must be at least this much faster for revectorisation to be at work; it doubles the width. */
const SPEEDUP = 1.3;

let turbo: boolean | undefined;

/**
 * Switches on the revectorisation of V8 13 and later (Node 24): pairs of 128-bit operations become 256-bit ones where the processor has them.
 * Returns whether it took effect, which only the clock can tell: without it the turbo build is slower than the relaxed one.
 */
export function enableTurbo(): boolean {
  if (turbo !== undefined) return turbo;
  if (!enableRelaxedSimd() || v8Version() < REVECTORIZING) return (turbo = false);
  setFlag("--experimental-wasm-revectorize");
  return (turbo = secondsOfProduct("relaxed") > SPEEDUP * secondsOfProduct("turbo"));
}

/** Order of the product that is timed: some 50 µs. */
const ORDER = 120;
/** Milliseconds that it is repeated for: V8 compiles what is called often anew, optimised. */
const PATIENCE = 60;

/** The shortest time of a product in one build of the kernels. */
function secondsOfProduct(simd: Simd): number {
  const matrix = ORDER * ORDER * Float32Array.BYTES_PER_ELEMENT;
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536 });
  const instance = new WebAssembly.Instance(kernelModule(simd, false), { env: { memory } });
  const { gemm_f32: gemm } = instance.exports as unknown as Kernels;
  const [a, b, c] = [64, 64 + matrix, 64 + 2 * matrix];
  const end = performance.now() + PATIENCE;
  let shortest = Infinity;
  for (let now = performance.now(); now < end;) {
    gemm(0, 0, ORDER, ORDER, ORDER, 1, a, ORDER, 1, b, ORDER, 1, 0, c, c, ORDER, c + matrix);
    const started = now;
    now = performance.now();
    shortest = Math.min(shortest, now - started);
  }
  return shortest / 1000;
}

/** V8's major version; 0 elsewhere than in Node. */
function v8Version(): number {
  const { process } = globalThis as { process?: { versions?: { v8?: string } } };
  return Number.parseInt(process?.versions?.v8 ?? "0");
}

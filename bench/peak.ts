import type { DType } from "../src/index.js";
import { hasRelaxedSimd, kernelModule, type Kernels } from "../src/wasm/module.js";
import { median } from "./statistics.js";

/** GFLOP/s of one core with 128-bit SIMD on the machine that docs/performance.md was written on. */
export const LIMIT: Readonly<Record<DType, number>> = { float32: 56, float64: 28 };

/** Below this share of the limit something else was running, or the machine is another. */
const BUSY_BELOW = 0.95;

/** Whether a peak is too low for what was measured beside it to be trusted. */
export function isBusy(peakGflops: number, dtype: DType): boolean {
  return !(peakGflops >= BUSY_BELOW * LIMIT[dtype]);
}

const BYTES_PER_VECTOR = 16;
/** Operations that a turn does in each lane: 12 fused multiply-adds, or 13 multiplications and 13 additions. */
const PER_LANE = { peak: 24, peakUnfused: 26 };
/** About 10 ms each: longer than a scheduler's time slice, so that a core shared with others shows. */
const TURNS = 2_000_000;
const WINDOWS = 5;

/**
 * GFLOP/s that one core reaches in registers alone, now: the better of a fused and an unfused loop of multiply-adds
 * (src/wasm/kernels/peak.ts), each the median of some windows.
 */
export function measurePeak(dtype: DType): number {
  const kernels = (instance ??= instantiate());
  const [suffix, lanes] = dtype === "float32" ? ["f32", BYTES_PER_VECTOR / 4] : ["f64", BYTES_PER_VECTOR / 8];
  const rates = Object.entries(PER_LANE).map(([loop, perLane]) => {
    const run = (turns: number) => kernels[`${loop}_${suffix}`](turns, ADDRESS);
    run(TURNS / 10);
    const windows = Array.from({ length: WINDOWS }, () => {
      const started = performance.now();
      run(TURNS);
      return (perLane * lanes * TURNS) / ((performance.now() - started) / 1000) / 1e9;
    });
    return median(windows);
  });
  return Math.max(...rates);
}

/** Where the loops read their factors, zeros, and store their sums. */
const ADDRESS = 1024;

let instance: Kernels | undefined;

/** An instance over a memory of its own: the loops touch 256 bytes of it. */
function instantiate(): Kernels {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const module = kernelModule(hasRelaxedSimd() ? "relaxed" : "baseline", false);
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
}

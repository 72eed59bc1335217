import type { DType } from "../src/index.js";
import type { Case } from "./case.js";
import type { Timing } from "./measure.js";
import { isBusy } from "./peak.js";

/** What was measured, as --json writes it. */
export interface Row {
  readonly suite: string;
  readonly operation: string;
  readonly n: number;
  readonly dtype: DType;
  readonly backend: string;
  readonly threads: number;
  /** The build of the kernels: relaxed, baseline, or javascript. */
  readonly module: string;
  /** Of one unit of work, the median over samples. */
  readonly seconds: number;
  readonly gflops: number;
  /** The interquartile range of the samples over their median. */
  readonly spread: number;
  /** What one core reached in registers just before or after, whichever was more. */
  readonly peakGflops: number;
}

export function rowOf(
  { suite, operation, n, dtype, place, flops, units = 1 }: Case,
  { seconds, spread }: Timing,
  peakGflops: number,
): Row {
  const perUnit = seconds / units;
  const { backend, threads, module } = place;
  const gflops = flops / perUnit / 1e9;
  return {
    suite,
    operation,
    n,
    dtype,
    backend: backend.name,
    threads,
    module,
    seconds: perUnit,
    gflops,
    spread,
    peakGflops,
  };
}

/** The share of what its threads could do that a row reached. */
export function shareOfPeak({ gflops, peakGflops, threads }: Row): number {
  return gflops / (peakGflops * threads);
}

export function isSuspect({ peakGflops, dtype }: Row): boolean {
  return isBusy(peakGflops, dtype);
}

/** The backend and its threads as a case's name has them. */
export function placeOf({ backend, threads }: Row): string {
  return backend === "wasm" ? `wasm-${threads}` : backend;
}

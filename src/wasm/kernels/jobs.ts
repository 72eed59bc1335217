import { crossEntropyUnit } from "./crossEntropy";
import { mapUnit } from "./elementwise";
import { gemmUnit } from "./gemm";
import { mirrorUnit } from "./gram";
import { uniformUnit } from "./philox";
import { symmetricTimesUnit } from "./symmetricTimes";
import { solveUnit } from "./triangular";

/** Kinds of work that threads share; every thread finds the kernel by this number. */
export const GEMM: i32 = 0;
export const MIRROR: i32 = 2;
export const SOLVE: i32 = 4;
export const MAP: i32 = 6;
export const CROSS_ENTROPY: i32 = 8;
export const UNIFORM: i32 = 10;
export const SYMMETRIC_TIMES: i32 = 12;

/** The number of a kind for elements T. */
export function kindOf<T>(kind: i32): i32 {
  return kind + (sizeof<T>() == 8 ? 1 : 0);
}

/** Does one unit of a job. pool: 0 on a single thread; slot: which thread, and so which scratch memory. */
export function runUnit(kind: i32, job: usize, pool: usize, unit: i32, slot: i32): void {
  switch (kind) {
    case 0:
      return gemmUnit<f32>(job, pool, unit, slot);
    case 1:
      return gemmUnit<f64>(job, pool, unit, slot);
    case 2:
      return mirrorUnit<f32>(job, unit);
    case 3:
      return mirrorUnit<f64>(job, unit);
    case 4:
      return solveUnit<f32>(job, unit, slot);
    case 5:
      return solveUnit<f64>(job, unit, slot);
    case 6:
      return mapUnit<f32>(job, unit);
    case 7:
      return mapUnit<f64>(job, unit);
    case 8:
      return crossEntropyUnit<f32>(job, unit);
    case 9:
      return crossEntropyUnit<f64>(job, unit);
    case 10:
      return uniformUnit<f32>(job, unit);
    case 11:
      return uniformUnit<f64>(job, unit);
    case 12:
      return symmetricTimesUnit<f32>(job, unit);
    case 13:
      return symmetricTimesUnit<f64>(job, unit);
  }
}

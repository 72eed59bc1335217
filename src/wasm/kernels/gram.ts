import { C_LOWER, ceilDivide, gemm } from "./gemm";
import { kindOf, MIRROR } from "./jobs";
import { transposeSquare } from "./packing";
import { run } from "./pool";

/**
 * C = w·XᵀX + β·C₀, exactly symmetric: the lower triangle is multiplied (half the work of a product), then mirrored.
 * X: [rows, n] with rows ldx elements apart; C₀ (its lower triangle is read) and C: [n, n].
 */
export function gram<T>(
  pool: usize,
  n: i32,
  rows: i32,
  weight: f64,
  x: usize,
  ldx: i32,
  beta: f64,
  c0: usize,
  c: usize,
  scratch: usize,
): void {
  gemm<T>(pool, C_LOWER, n, n, rows, weight, x, 1, ldx, x, ldx, 1, beta, c0, c, n, scratch);
  mirror<T>(pool, n, c, n, scratch);
}

@unmanaged
class MirrorJob {
  n: i32;
  ld: i32; // bytes
  c: usize;
}

/** Rows mirrored as one unit: whole cache lines of the upper triangle. */
const BAND = 16;

/** C[j, i] = C[i, j] for j < i, in bands of rows. */
export function mirror<T>(pool: usize, n: i32, c: usize, ld: i32, scratch: usize): void {
  const job = changetype<MirrorJob>(scratch);
  job.n = n;
  job.ld = ld * sizeof<T>();
  job.c = c;
  run(n < 256 ? 0 : pool, kindOf<T>(MIRROR), scratch, ceilDivide(n, BAND));
}

/** Rows [unit·BAND, …) of the lower triangle to columns of the upper. */
export function mirrorUnit<T>(address: usize, unit: i32): void {
  const job = changetype<MirrorJob>(address);
  const lanes = 16 / sizeof<T>();
  const ld = job.ld;
  const first = unit * BAND;
  const end = min(job.n, first + BAND);
  const whole = end - first == BAND ? first : 0;
  for (let j = 0; j < whole; j += lanes) {
    for (let i = first; i < end; i += lanes) {
      transposeSquare<T>(job.c + i * ld + j * sizeof<T>(), ld, job.c + j * ld + i * sizeof<T>(), ld);
    }
  }
  for (let i = first; i < end; i++) {
    for (let j = whole; j < i; j++) {
      store<T>(job.c + j * ld + i * sizeof<T>(), load<T>(job.c + i * ld + j * sizeof<T>()));
    }
  }
}

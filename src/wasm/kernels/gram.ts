import { C_LOWER, ceilDivide, gemm } from "./gemm";
import { kindOf, MIRROR } from "./jobs";
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

const BAND = 32;

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
  const end = min(job.n, (unit + 1) * BAND);
  for (let i = unit * BAND; i < end; i += lanes) {
    const rows = min(lanes, end - i);
    let j = 0;
    if (rows == lanes) {
      for (; j + lanes <= i; j += lanes) {
        transposeSquare<T>(job.c + i * ld + j * sizeof<T>(), ld, job.c + j * ld + i * sizeof<T>(), ld);
      }
    }
    for (let r = i; r < i + rows; r++) {
      for (let q = j; q < r; q++) {
        store<T>(job.c + q * ld + r * sizeof<T>(), load<T>(job.c + r * ld + q * sizeof<T>()));
      }
    }
  }
}

/** to = fromᵀ for the square that fills one register a row: 4×4 or 2×2. */
export function transposeSquare<T>(from: usize, fromRow: i32, to: usize, toRow: i32): void {
  const x0 = v128.load(from);
  const x1 = v128.load(from + fromRow);
  if (sizeof<T>() == 8) {
    v128.store(to, v128.shuffle<i64>(x0, x1, 0, 2));
    v128.store(to + toRow, v128.shuffle<i64>(x0, x1, 1, 3));
  } else {
    const x2 = v128.load(from + 2 * fromRow);
    const x3 = v128.load(from + 3 * fromRow);
    const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
    const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store(to + toRow, v128.shuffle<i64>(low01, low23, 1, 3));
    v128.store(to + 2 * toRow, v128.shuffle<i64>(high01, high23, 0, 2));
    v128.store(to + 3 * toRow, v128.shuffle<i64>(high01, high23, 1, 3));
  }
}

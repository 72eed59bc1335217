import { kindOf, SYMMETRIC_TIMES } from "./jobs";
import { madd } from "./microkernel";
import { fill } from "./movement";
import { run } from "./pool";
import { combine } from "./rows";
import { sumLanes } from "./vectors";

/**
 * y = A·x with symmetric A, its upper triangle read once: each element serves its row and its column. Large matrices are cut into slices
 * of rows, so many however many threads there are; each slice has a y of its own, and these are added in order.
 */

/** Slices of a matrix of order SLICED_FROM or more: below, one thread is faster than two. */
const SLICES = 4;
const SLICED_FROM = 256;

@unmanaged
class SymmetricTimesJob {
  n: i32;
  a: usize;
  row: i32; // bytes
  x: usize;
  y: usize; // slice 0 writes here
  others: usize; // T[SLICES − 1][n]: y of the other slices
}
const JOB_BYTES = 64;

/** A: the upper triangle of order n, rows `row` bytes apart. scratch: as for a product of that order, which is more than it takes. */
export function symmetricTimes<T>(pool: usize, n: i32, a: usize, row: i32, x: usize, y: usize, scratch: usize): void {
  if (n < SLICED_FROM) {
    fill<T>(n, 0, y);
    addRowsTimes<T>(n, 0, n, a, row, x, y);
    return;
  }
  const job = changetype<SymmetricTimesJob>(scratch);
  job.n = n;
  job.a = a;
  job.row = row;
  job.x = x;
  job.y = y;
  job.others = scratch + JOB_BYTES;
  run(pool, kindOf<T>(SYMMETRIC_TIMES), scratch, SLICES);
  for (let slice = 1; slice < SLICES; slice++) {
    const from = firstRow(n, slice);
    const at = from * sizeof<T>();
    combine<T>(n - from, <T>1, y + at, <T>1, sliceOf<T>(job, slice) + at);
  }
}

/** One slice: its part of y is zero before its first row. */
export function symmetricTimesUnit<T>(address: usize, slice: i32): void {
  const job = changetype<SymmetricTimesJob>(address);
  const from = firstRow(job.n, slice);
  const y = sliceOf<T>(job, slice);
  fill<T>(job.n - from, 0, y + from * sizeof<T>());
  addRowsTimes<T>(job.n, from, firstRow(job.n, slice + 1), job.a, job.row, job.x, y);
}

function sliceOf<T>(job: SymmetricTimesJob, slice: i32): usize {
  return slice == 0 ? job.y : job.others + (slice - 1) * job.n * sizeof<T>();
}

/** Slices have the same number of elements of the triangle, nearly, and whole fours of rows. */
function firstRow(n: i32, slice: i32): i32 {
  return slice == SLICES ? n : (<i32>(n * (1 - Math.sqrt(1 - <f64>slice / SLICES)))) & ~3;
}

/**
 * y += what rows from … to − 1 of the upper triangle give: four rows at a time, so that y is loaded and stored a quarter as often. Only where
 * `to` is n may it not be a multiple of 4.
 */
function addRowsTimes<T>(n: i32, from: i32, to: i32, a: usize, row: i32, x: usize, y: usize): void {
  const end = n * sizeof<T>();
  let i = from;
  for (; i + 4 <= to; i += 4) {
    corner<T>(4, a + i * (row + sizeof<T>()), row, x + i * sizeof<T>(), y + i * sizeof<T>());
    const r0 = a + i * row;
    const r1 = r0 + row;
    const r2 = r1 + row;
    const r3 = r2 + row;
    const xi = x + i * sizeof<T>();
    const yi = y + i * sizeof<T>();
    const x0 = v128.load_splat<T>(xi);
    const x1 = v128.load_splat<T>(xi, sizeof<T>());
    const x2 = v128.load_splat<T>(xi, 2 * sizeof<T>());
    const x3 = v128.load_splat<T>(xi, 3 * sizeof<T>());
    let s0 = v128.splat<T>(<T>0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let at = (i + 4) * sizeof<T>();
    for (; at <= end - 16; at += 16) {
      const v = v128.load(x + at);
      let w = v128.load(y + at);
      const a0 = v128.load(r0 + at);
      s0 = madd<T>(a0, v, s0);
      w = madd<T>(a0, x0, w);
      const a1 = v128.load(r1 + at);
      s1 = madd<T>(a1, v, s1);
      w = madd<T>(a1, x1, w);
      const a2 = v128.load(r2 + at);
      s2 = madd<T>(a2, v, s2);
      w = madd<T>(a2, x2, w);
      const a3 = v128.load(r3 + at);
      s3 = madd<T>(a3, v, s3);
      w = madd<T>(a3, x3, w);
      v128.store(y + at, w);
    }
    let t0 = <T>sumLanes<T>(s0);
    let t1 = <T>sumLanes<T>(s1);
    let t2 = <T>sumLanes<T>(s2);
    let t3 = <T>sumLanes<T>(s3);
    for (; at < end; at += sizeof<T>()) {
      const v = load<T>(x + at);
      const a0 = load<T>(r0 + at);
      const a1 = load<T>(r1 + at);
      const a2 = load<T>(r2 + at);
      const a3 = load<T>(r3 + at);
      t0 += a0 * v;
      t1 += a1 * v;
      t2 += a2 * v;
      t3 += a3 * v;
      const w =
        a0 * load<T>(xi) +
        a1 * load<T>(xi, sizeof<T>()) +
        a2 * load<T>(xi, 2 * sizeof<T>()) +
        a3 * load<T>(xi, 3 * sizeof<T>());
      store<T>(y + at, load<T>(y + at) + w);
    }
    store<T>(yi, load<T>(yi) + t0);
    store<T>(yi, load<T>(yi, sizeof<T>()) + t1, sizeof<T>());
    store<T>(yi, load<T>(yi, 2 * sizeof<T>()) + t2, 2 * sizeof<T>());
    store<T>(yi, load<T>(yi, 3 * sizeof<T>()) + t3, 3 * sizeof<T>());
  }
  corner<T>(to - i, a + i * (row + sizeof<T>()), row, x + i * sizeof<T>(), y + i * sizeof<T>());
}

/** y += A·x for a few rows, element by element. */
function corner<T>(n: i32, a: usize, row: i32, x: usize, y: usize): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const value = load<T>(a + min(i, j) * row + max(i, j) * sizeof<T>());
      store<T>(y + i * sizeof<T>(), load<T>(y + i * sizeof<T>()) + value * load<T>(x + j * sizeof<T>()));
    }
  }
}

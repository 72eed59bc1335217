import { ceilDivide } from "./gemm";
import { kindOf, UNIFORM } from "./jobs";
import { run } from "./pool";

/**
 * Philox 4×32-10 (Salmon, Moraes, Dror & Shaw 2011), as in src/tensor/random.ts and with its numbers bit for bit: block b of a key's
 * stream, four words of 32 bits, is a bijection of the counter (b, 0), b of 64 bits. Four blocks at a time, one in each lane.
 */

const MULTIPLIER_0: u32 = 0xd2511f53;
const MULTIPLIER_1: u32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;
const ROUNDS = 10;

@unmanaged
class UniformJob {
  key0: i32;
  key1: i32;
  block: u64;
  word: i32;
  n: i32;
  out: usize;
}

/** Words that the four lanes make at once. */
const GROUP = 16;
/** Groups of a unit. */
const UNIT = 1024;

/** out[i] = (⌊w / 2⁹⌋ + ½) / 2²³ of n consecutive words w, the first of which is word 0 … 3 of a block: uniform in (0, 1). */
export function uniform<T>(
  pool: usize,
  key0: i32,
  key1: i32,
  blockLow: i32,
  blockHigh: i32,
  word: i32,
  n: i32,
  out: usize,
  scratch: usize,
): void {
  if (n <= 0) return;
  const job = changetype<UniformJob>(scratch);
  job.key0 = key0;
  job.key1 = key1;
  job.block = ((<u64>(<u32>blockHigh)) << 32) | (<u64>(<u32>blockLow));
  job.word = word;
  job.n = n;
  job.out = out;
  run(pool, kindOf<T>(UNIFORM), scratch, ceilDivide(ceilDivide(word + n, GROUP), UNIT));
}

export function uniformUnit<T>(address: usize, unit: i32): void {
  const job = changetype<UniformJob>(address);
  const end = min((unit + 1) * UNIT, ceilDivide(job.word + job.n, GROUP));
  for (let group = unit * UNIT; group < end; group++) {
    const at = group * GROUP - job.word;
    fourBlocks<T>(job, job.block + 4 * <u64>group, at);
  }
}

/** Blocks b … b + 3, whose words are those of out[at], out[at + 1], …; what is before out or behind it is left out. */
function fourBlocks<T>(job: UniformJob, b: u64, at: i32): void {
  const low = i32x4.splat(<i32>b);
  let c0 = i32x4.add(low, i32x4(0, 1, 2, 3));
  // where the lower half has overflowed, the upper one is larger by one
  let c1 = i32x4.sub(i32x4.splat(<i32>(b >> 32)), i32x4.lt_u(c0, low));
  let c2 = i32x4.splat(0);
  let c3 = c2;
  let k0 = i32x4.splat(job.key0);
  let k1 = i32x4.splat(job.key1);
  for (let round = 0; round < ROUNDS; round++) {
    const even0 = i64x2.extmul_low_i32x4_u(c0, i32x4.splat(MULTIPLIER_0));
    const odd0 = i64x2.extmul_high_i32x4_u(c0, i32x4.splat(MULTIPLIER_0));
    const even1 = i64x2.extmul_low_i32x4_u(c2, i32x4.splat(MULTIPLIER_1));
    const odd1 = i64x2.extmul_high_i32x4_u(c2, i32x4.splat(MULTIPLIER_1));
    c0 = v128.xor(v128.xor(v128.shuffle<i32>(even1, odd1, 1, 3, 5, 7), c1), k0);
    c2 = v128.xor(v128.xor(v128.shuffle<i32>(even0, odd0, 1, 3, 5, 7), c3), k1);
    c1 = v128.shuffle<i32>(even1, odd1, 0, 2, 4, 6);
    c3 = v128.shuffle<i32>(even0, odd0, 0, 2, 4, 6);
    k0 = i32x4.add(k0, i32x4.splat(WEYL_0));
    k1 = i32x4.add(k1, i32x4.splat(WEYL_1));
  }
  const words01 = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5);
  const words23 = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5);
  const others01 = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7);
  const others23 = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7);
  storeUniform<T>(job, at, v128.shuffle<i64>(words01, words23, 0, 2));
  storeUniform<T>(job, at + 4, v128.shuffle<i64>(words01, words23, 1, 3));
  storeUniform<T>(job, at + 8, v128.shuffle<i64>(others01, others23, 0, 2));
  storeUniform<T>(job, at + 12, v128.shuffle<i64>(others01, others23, 1, 3));
}

/** The four numbers of a block at out[at], out[at + 1], …; those that are before out or behind it are left out. */
function storeUniform<T>(job: UniformJob, at: i32, words: v128): void {
  const bits = i32x4.shr_u(words, 9);
  const out = job.out + at * sizeof<T>();
  if (at >= 0 && at <= job.n - 4) {
    if (sizeof<T>() == 4) {
      v128.store(out, f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(bits), f32x4.splat(0.5)), f32x4.splat(<f32>SCALE)));
    } else {
      const upper = v128.shuffle<i64>(bits, bits, 1, 0);
      v128.store(out, f64x2.mul(f64x2.add(f64x2.convert_low_i32x4_s(bits), f64x2.splat(0.5)), f64x2.splat(SCALE)));
      v128.store(
        out + 16,
        f64x2.mul(f64x2.add(f64x2.convert_low_i32x4_s(upper), f64x2.splat(0.5)), f64x2.splat(SCALE)),
      );
    }
  } else {
    storeOne<T>(job, at, i32x4.extract_lane(bits, 0));
    storeOne<T>(job, at + 1, i32x4.extract_lane(bits, 1));
    storeOne<T>(job, at + 2, i32x4.extract_lane(bits, 2));
    storeOne<T>(job, at + 3, i32x4.extract_lane(bits, 3));
  }
}

/** 2⁻²³ */
const SCALE: f64 = 1.1920928955078125e-7;

function storeOne<T>(job: UniformJob, at: i32, bits: i32): void {
  if (at >= 0 && at < job.n) store<T>(job.out + at * sizeof<T>(), <T>((<f64>bits + 0.5) * SCALE));
}

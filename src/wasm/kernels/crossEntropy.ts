import { expOfNegative } from "./exp";
import { ceilDivide } from "./gemm";
import { CROSS_ENTROPY, kindOf } from "./jobs";
import { log, log1p } from "./log";
import { sigmoid } from "./logistic";
import { madd } from "./microkernel";
import { run } from "./pool";
import { dot, maximumOf } from "./reductions";
import { all, firstLanes, lanes, loadPart, storePart, sumLanes } from "./vectors";

/**
 * Cross-entropies of logits z with targets t, both [rows, classes], their gradients by z, and softmax. A row is computed whole, by
 * one thread, and its sums run in double precision in an order that the number of classes alone decides.
 */

@unmanaged
class CrossEntropyJob {
  operation: i32;
  rows: i32;
  classes: i32;
  z: usize;
  t: usize;
  g: usize;
  out: usize;
}

/** Elements of a unit: enough that sharing pays, few enough to balance. */
const UNIT = 16384;

/**
 * Of every row r, by the operation's number:
 *   0  Σ_c ln(1 + e^z_c) − t_c z_c    the sigmoid cross-entropy; out: [rows]
 *   1  g_r (σ(z_c) − t_c)             its gradient times g [rows]; out: [rows, classes]
 *   2  ln Σ_c e^z_c − Σ_c t_c z_c     the softmax cross-entropy; out: [rows]
 *   3  g_r (p_c − t_c)                its gradient times g, p = softmax(z)
 *   4  p_c                            softmax(z) itself
 * classes ≥ 1 for 2 to 4; t and g are not read where they do not appear. out must not overlap z, t or g.
 */
export function crossEntropy<T>(
  pool: usize,
  operation: i32,
  rows: i32,
  classes: i32,
  z: usize,
  t: usize,
  g: usize,
  out: usize,
  scratch: usize,
): void {
  if (rows <= 0) return;
  const job = changetype<CrossEntropyJob>(scratch);
  job.operation = operation;
  job.rows = rows;
  job.classes = classes;
  job.z = z;
  job.t = t;
  job.g = g;
  job.out = out;
  run(pool, kindOf<T>(CROSS_ENTROPY), scratch, ceilDivide(rows, rowsOfUnit(classes)));
}

function rowsOfUnit(classes: i32): i32 {
  return max(UNIT / max(classes, 1), 1);
}

export function crossEntropyUnit<T>(address: usize, unit: i32): void {
  const job = changetype<CrossEntropyJob>(address);
  const k = job.classes;
  const first = unit * rowsOfUnit(k);
  const end = min(first + rowsOfUnit(k), job.rows);
  for (let r = first; r < end; r++) {
    const row = r * k * sizeof<T>();
    const z = job.z + row;
    const t = job.t + row;
    const g = job.g + r * sizeof<T>();
    const scalar = job.out + r * sizeof<T>();
    const out = job.out + row;
    switch (job.operation) {
      case 0:
        store<T>(scalar, <T>sigmoidLoss<T>(k, z, t));
        break;
      case 1:
        sigmoidGradient<T>(k, z, t, v128.load_splat<T>(g), out);
        break;
      case 2:
        store<T>(scalar, <T>softmaxLoss<T>(k, z, t));
        break;
      case 3:
        softmaxGradient<T>(k, z, t, v128.load_splat<T>(g), out);
        break;
      case 4:
        softmax<T>(k, z, out);
    }
  }
}

/** Terms whose sum is formed apart, so that the error of a long sum grows with k / BLOCK. */
const BLOCK = 128;

/** Σ_c ln(1 + e^z_c) − t_c z_c */
function sigmoidLoss<T>(k: i32, z: usize, t: usize): f64 {
  const part = k & (lanes<T>() - 1);
  const whole = k - part;
  let total = f64x2.splat(0);
  for (let c = 0; c < whole; c += BLOCK) {
    let sum = f64x2.splat(0);
    for (const end = z + min(BLOCK, whole - c) * sizeof<T>(); z < end; z += 16, t += 16) {
      sum = addLanes<T>(sum, sigmoidTerm<T>(v128.load(z), v128.load(t)));
    }
    total = f64x2.add(total, sum);
  }
  if (part) {
    const terms = sigmoidTerm<T>(loadPart<T>(z, part), loadPart<T>(t, part));
    total = addLanes<T>(total, v128.and(terms, firstLanes<T>(part)));
  }
  return sumLanes<f64>(total);
}

/** ln(1 + eᶻ) − t z = (max(z, 0) − t z) + ln(1 + e^{−|z|}): where t is 1 and z large, or t is 0 and z far below 0, all that is left. */
function sigmoidTerm<T>(z: v128, t: v128): v128 {
  const linear = madd<T>(v128.neg<T>(t), z, v128.pmax<T>(z, all<T>(0)));
  return v128.add<T>(linear, log1p<T>(expOfNegative<T>(v128.neg<T>(v128.abs<T>(z)))));
}

/** g (σ(z_c) − t_c) */
function sigmoidGradient<T>(k: i32, z: usize, t: usize, g: v128, out: usize): void {
  const part = k & (lanes<T>() - 1);
  for (const end = out + (k - part) * sizeof<T>(); out < end; out += 16, z += 16, t += 16) {
    v128.store(out, v128.mul<T>(g, v128.sub<T>(sigmoid<T>(v128.load(z)), v128.load(t))));
  }
  if (part) {
    const difference = v128.sub<T>(sigmoid<T>(loadPart<T>(z, part)), loadPart<T>(t, part));
    storePart<T>(out, part, v128.mul<T>(g, difference));
  }
}

/** ln Σ_c e^z_c − Σ_c t_c z_c = ln Σ_c e^{z_c − z_max} + (z_max − Σ_c t_c z_c); the first sum is e^z_max where that is 0 or ∞. */
function softmaxLoss<T>(k: i32, z: usize, t: usize): f64 {
  const most = maximumOf<T>(k, z);
  const linear = <f64>most - dot<T>(k, t, z);
  if (abs(most) == <T>Infinity) return linear;
  const sum = sumOfExponentials<T>(k, z, most, 0);
  return linear + f64x2.extract_lane(log<f64>(f64x2.splat(sum)), 0);
}

/** g (p_c − t_c) */
function softmaxGradient<T>(k: i32, z: usize, t: usize, g: v128, out: usize): void {
  const sum = all<T>(exponentials<T>(k, z, out));
  const part = k & (lanes<T>() - 1);
  for (const end = out + (k - part) * sizeof<T>(); out < end; out += 16, t += 16) {
    const p = v128.div<T>(v128.load(out), sum);
    v128.store(out, v128.mul<T>(g, v128.sub<T>(p, v128.load(t))));
  }
  if (part) {
    const p = v128.div<T>(loadPart<T>(out, part), sum);
    storePart<T>(out, part, v128.mul<T>(g, v128.sub<T>(p, loadPart<T>(t, part))));
  }
}

/** p_c = e^{z_c − z_max} / Σ_c e^{z_c − z_max} */
function softmax<T>(k: i32, z: usize, out: usize): void {
  const sum = all<T>(exponentials<T>(k, z, out));
  const part = k & (lanes<T>() - 1);
  for (const end = out + (k - part) * sizeof<T>(); out < end; out += 16) {
    v128.store(out, v128.div<T>(v128.load(out), sum));
  }
  if (part) storePart<T>(out, part, v128.div<T>(loadPart<T>(out, part), sum));
}

/**
 * out_c = e^{z_c − z_max}, and their sum. Where z_max is infinite they are NaN in its place and 0 elsewhere, which is p already: then 1.
 */
function exponentials<T>(k: i32, z: usize, out: usize): f64 {
  const most = maximumOf<T>(k, z);
  const sum = sumOfExponentials<T>(k, z, most, out);
  return abs(most) == <T>Infinity ? 1 : sum;
}

/** Σ_c e^{z_c − most}, the terms also at out unless that is 0; most is the largest z. */
function sumOfExponentials<T>(k: i32, z: usize, most: T, out: usize): f64 {
  const shift = v128.splat<T>(most);
  const part = k & (lanes<T>() - 1);
  const whole = k - part;
  let total = f64x2.splat(0);
  for (let c = 0; c < whole; c += BLOCK) {
    let sum = f64x2.splat(0);
    for (const end = z + min(BLOCK, whole - c) * sizeof<T>(); z < end; z += 16) {
      const terms = expOfNegative<T>(v128.sub<T>(v128.load(z), shift));
      sum = addLanes<T>(sum, terms);
      if (out) {
        v128.store(out, terms);
        out += 16;
      }
    }
    total = f64x2.add(total, sum);
  }
  if (part) {
    const terms = expOfNegative<T>(v128.sub<T>(loadPart<T>(z, part), shift));
    total = addLanes<T>(total, v128.and(terms, firstLanes<T>(part)));
    if (out) storePart<T>(out, part, terms);
  }
  return sumLanes<f64>(total);
}

/** The lanes of v added, in double precision, to two sums. */
function addLanes<T>(sums: v128, v: v128): v128 {
  if (sizeof<T>() == 8) return f64x2.add(sums, v);
  const upper = v128.shuffle<i64>(v, v, 1, 0);
  return f64x2.add(sums, f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(upper)));
}

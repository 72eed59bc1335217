/**
 * The roots of the secular equation  f(λ) = 1/ρ + Σᵢ zᵢ²/(dᵢ − λ) = 0,  ρ > 0, d ascending and distinct, ‖z‖ = 1:
 * one between each dₖ and dₖ₊₁, the last in (d_last, d_last + ρ]. Each is found as the distance τ from its nearest pole,
 * so that every dᵢ − λ is accurate. Iterations interpolate the poles on either side ("the middle way", Li 1993) within a
 * bracket that is halved whenever they would leave it.
 */

const MOST_TURNS = 100;
/** After a step of so much of the distance from the nearest pole the error is about its square, which is rounding: that root stands. */
const NEARLY: f64 = 2.0 ** -27;

// The sums of the last evaluation: below: over i ≤ split, above: over i > split; and their derivatives.
let below: f64 = 0;
let above: f64 = 0;
let belowSlope: f64 = 0;
let aboveSlope: f64 = 0;

/** Root k: its nearest pole's index is returned, its distance from that pole stored at tau. d, z2 = z²: f64 × count. */
export function secularRoot(count: i32, k: i32, d: usize, z2: usize, rho: f64, tau: usize): i32 {
  if (count == 1) {
    store<f64>(tau, rho * load<f64>(z2));
    return 0;
  }
  const last = k == count - 1;
  // the poles that are interpolated: left and right of the root, or the last two
  const left = last ? k - 1 : k;
  const right = left + 1;
  let origin = k;
  let low: f64 = 0;
  let high = last ? rho : load<f64>(d + right * 8) - load<f64>(d + left * 8);
  let t = high / 2;
  let w = evaluate(count, left, d, z2, load<f64>(d + k * 8), t) + 1 / rho;
  if (!last && w < 0) {
    origin = right;
    low = -high / 2;
    high = 0;
    t = low;
  } else if (!last) {
    high = t;
  } else if (w < 0) {
    low = t;
  } else {
    high = t;
  }
  const pole = load<f64>(d + origin * 8);
  const leftDistance = load<f64>(d + left * 8) - pole;
  const rightDistance = load<f64>(d + right * 8) - pole;
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const size = 8 * (abs(below) + abs(above) + 1 / rho) + abs(t) * (belowSlope + aboveSlope);
    if (abs(w) <= f64.EPSILON * size) break;
    const step = interpolate(last, leftDistance - t, rightDistance - t, w);
    let next = t + step;
    if (!(next > low && next < high)) {
      next = (low + high) / 2;
    } else if (abs(step) <= NEARLY * min(abs(leftDistance - t), abs(rightDistance - t))) {
      t = next;
      break;
    }
    if (next == t || next == low || next == high) break;
    t = next;
    w = evaluate(count, left, d, z2, pole, t) + 1 / rho;
    if (w < 0) low = t;
    else high = t;
  }
  store<f64>(tau, t);
  return origin;
}

/** The step to the root of c + (a pole at each distance), matched to f and its two slopes. */
function interpolate(last: bool, left: f64, right: f64, w: f64): f64 {
  let c = w - left * belowSlope - right * aboveSlope;
  const a = (left + right) * w - left * right * (belowSlope + aboveSlope);
  const b = left * right * w;
  if (last) c = abs(c);
  const root = Math.sqrt(abs(a * a - 4 * b * c));
  let step: f64;
  if (c == 0) step = b / a;
  else if (last) step = a >= 0 ? (a + root) / (2 * c) : (2 * b) / (a - root);
  else step = a <= 0 ? (a - root) / (2 * c) : (2 * b) / (a + root);
  // f increases, so a step the wrong way is replaced by Newton's
  return w * step < 0 ? step : -w / (belowSlope + aboveSlope);
}

/** Σ zᵢ²/(dᵢ − λ), λ = pole + t, split into the sums over i ≤ split and i > split. */
function evaluate(count: i32, split: i32, d: usize, z2: usize, pole: f64, t: f64): f64 {
  accumulate(0, split + 1, d, z2, pole, t);
  below = sum;
  belowSlope = slope;
  accumulate(split + 1, count, d, z2, pole, t);
  above = sum;
  aboveSlope = slope;
  return below + above;
}

let sum: f64 = 0;
let slope: f64 = 0;

function accumulate(from: i32, to: i32, d: usize, z2: usize, pole: f64, t: f64): void {
  const poles = f64x2.splat(pole);
  const ts = f64x2.splat(t);
  const one = f64x2.splat(1);
  let sums = f64x2.splat(0);
  let slopes = sums;
  let i = from;
  for (; i + 2 <= to; i += 2) {
    const inverse = f64x2.div(one, f64x2.sub(f64x2.sub(v128.load(d + i * 8), poles), ts));
    const term = f64x2.mul(v128.load(z2 + i * 8), inverse);
    sums = f64x2.add(sums, term);
    slopes = f64x2.add(slopes, f64x2.mul(term, inverse));
  }
  sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  slope = f64x2.extract_lane(slopes, 0) + f64x2.extract_lane(slopes, 1);
  if (i < to) {
    const inverse = 1 / (load<f64>(d + i * 8) - pole - t);
    const term = load<f64>(z2 + i * 8) * inverse;
    sum += term;
    slope += term * inverse;
  }
}

import { fill } from "./movement";
import { all, lanes, loadPart, storePart } from "./vectors";

/**
 * Sums and maxima over the middle axis of [outer, length, inner], and inner products. Memory is read from front to back. Sums run
 * in double precision in an order that the sizes alone decide: for f32 they are right to the last digit or two.
 */

/** Bytes of scratch memory for sum. */
export function sumScratch<T>(inner: i32): i32 {
  return inner * 8;
}

/** out[o, i] = Σ_l x[o, l, i] */
export function sum<T>(outer: i32, length: i32, inner: i32, x: usize, out: usize, scratch: usize): void {
  for (let o = 0; o < outer; o++) {
    if (inner == 1) store<T>(out, <T>sumProducts<T>(length, x, 0));
    else sumRows<T>(length, inner, x, out, scratch);
    x += length * inner * sizeof<T>();
    out += inner * sizeof<T>();
  }
}

/** Σ xᵢyᵢ, in double precision. */
export function dot<T>(n: i32, x: usize, y: usize): f64 {
  return sumProducts<T>(n, x, y);
}

/** Elements whose sum is formed apart, so that the error of a long sum grows with n / BLOCK. */
const BLOCK = 4096;

/** Σ xᵢyᵢ, or Σ xᵢ where y is 0. */
function sumProducts<T>(n: i32, x: usize, y: usize): f64 {
  let total: f64 = 0;
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * sizeof<T>();
    total += sumBlock<T>(min(BLOCK, n - i), x + at, y ? y + at : 0);
  }
  return total;
}

/** The same for at most BLOCK elements: eight sums side by side (four for f64), then theirs. */
function sumBlock<T>(n: i32, x: usize, y: usize): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = x + n * sizeof<T>();
  const step = 8 * sizeof<T>();
  if (y) {
    for (; x + step <= end; x += step, y += step) {
      s0 = f64x2.add(s0, f64x2.mul(pair<T>(x), pair<T>(y)));
      s1 = f64x2.add(s1, f64x2.mul(pair<T>(x, 2), pair<T>(y, 2)));
      s2 = f64x2.add(s2, f64x2.mul(pair<T>(x, 4), pair<T>(y, 4)));
      s3 = f64x2.add(s3, f64x2.mul(pair<T>(x, 6), pair<T>(y, 6)));
    }
  } else {
    for (; x + step <= end; x += step) {
      s0 = f64x2.add(s0, pair<T>(x));
      s1 = f64x2.add(s1, pair<T>(x, 2));
      s2 = f64x2.add(s2, pair<T>(x, 4));
      s3 = f64x2.add(s3, pair<T>(x, 6));
    }
  }
  const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let total = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  for (; x < end; x += sizeof<T>()) {
    let term = <f64>load<T>(x);
    if (y) {
      term *= <f64>load<T>(y);
      y += sizeof<T>();
    }
    total += term;
  }
  return total;
}

/** Elements at, at + 1 of x in double precision. */
function pair<T>(x: usize, at: i32 = 0): v128 {
  x += at * sizeof<T>();
  if (sizeof<T>() == 8) return v128.load(x);
  return f64x2.promote_low_f32x4(v128.load64_zero(x));
}

/** Rows that are added up before their sum is added to the total. */
const ROWS = 4;

/** out[i] = Σ_l x[l, i], in totals in double precision. x: [length, inner]; totals: [inner]. */
function sumRows<T>(length: i32, inner: i32, x: usize, out: usize, totals: usize): void {
  const row = inner * sizeof<T>();
  memory.fill(totals, 0, inner * 8);
  let l = 0;
  for (; l <= length - ROWS; l += ROWS) {
    addFourRows<T>(inner, row, x, totals);
    x += ROWS * row;
  }
  for (; l < length; l++) {
    for (let i = 0; i < inner; i++) {
      const at = totals + i * 8;
      store<f64>(at, load<f64>(at) + <f64>load<T>(x + i * sizeof<T>()));
    }
    x += row;
  }
  for (let i = 0; i < inner; i++) store<T>(out + i * sizeof<T>(), <T>load<f64>(totals + i * 8));
}

function addFourRows<T>(inner: i32, row: i32, x: usize, totals: usize): void {
  const x1 = x + row;
  const x2 = x1 + row;
  const x3 = x2 + row;
  let i = 0;
  for (; i <= inner - 2; i += 2) {
    const at = i * sizeof<T>();
    const sum01 = f64x2.add(pair<T>(x + at), pair<T>(x1 + at));
    const sum23 = f64x2.add(pair<T>(x2 + at), pair<T>(x3 + at));
    const total = totals + i * 8;
    v128.store(total, f64x2.add(v128.load(total), f64x2.add(sum01, sum23)));
  }
  if (i < inner) {
    const at = i * sizeof<T>();
    const sum01 = <f64>load<T>(x + at) + <f64>load<T>(x1 + at);
    const sum23 = <f64>load<T>(x2 + at) + <f64>load<T>(x3 + at);
    const total = totals + i * 8;
    store<f64>(total, load<f64>(total) + (sum01 + sum23));
  }
}

/** out[o, i] = max_l x[o, l, i]; NaN where any is; −∞ where length is 0. */
export function maximum<T>(outer: i32, length: i32, inner: i32, x: usize, out: usize): void {
  for (let o = 0; o < outer; o++) {
    if (inner == 1) store<T>(out, maximumOf<T>(length, x));
    else maximumOfRows<T>(length, inner, x, out);
    x += length * inner * sizeof<T>();
    out += inner * sizeof<T>();
  }
}

/** max xᵢ; NaN where any is; −∞ where n is 0. */
export function maximumOf<T>(n: i32, x: usize): T {
  let m0 = all<T>(-Infinity);
  let m1 = m0;
  let m2 = m0;
  let m3 = m0;
  const end = x + n * sizeof<T>();
  for (; x + 64 <= end; x += 64) {
    m0 = v128.max<T>(m0, v128.load(x));
    m1 = v128.max<T>(m1, v128.load(x, 16));
    m2 = v128.max<T>(m2, v128.load(x, 32));
    m3 = v128.max<T>(m3, v128.load(x, 48));
  }
  m0 = v128.max<T>(v128.max<T>(m0, m1), v128.max<T>(m2, m3));
  // each half of the lanes with the other, then each lane with its neighbour
  m0 = v128.max<T>(m0, v128.shuffle<i64>(m0, m0, 1, 0));
  if (sizeof<T>() == 4) m0 = v128.max<T>(m0, v128.shuffle<i32>(m0, m0, 1, 0, 3, 2));
  let most = v128.extract_lane<T>(m0, 0);
  for (; x < end; x += sizeof<T>()) most = max<T>(most, load<T>(x));
  return most;
}

/** out[i] = max_l x[l, i]. x: [length, inner]. */
function maximumOfRows<T>(length: i32, inner: i32, x: usize, out: usize): void {
  const step = lanes<T>();
  const part = inner & (step - 1);
  const whole = (inner - part) * sizeof<T>();
  fill<T>(inner, -Infinity, out);
  for (let l = 0; l < length; l++) {
    for (let at = 0; at < whole; at += 16) {
      v128.store(out + at, v128.max<T>(v128.load(out + at), v128.load(x + at)));
    }
    if (part) {
      const most = v128.max<T>(loadPart<T>(out + whole, part), loadPart<T>(x + whole, part));
      storePart<T>(out + whole, part, most);
    }
    x += inner * sizeof<T>();
  }
}

/** out[o, i] = the first l where x[o, l, i] is largest, as a number of type T. */
export function argmax<T>(outer: i32, length: i32, inner: i32, x: usize, out: usize): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let from = x + i * sizeof<T>();
      let best = 0;
      let most = load<T>(from);
      for (let l = 1; l < length; l++) {
        from += inner * sizeof<T>();
        const v = load<T>(from);
        if (v > most) {
          most = v;
          best = l;
        }
      }
      store<T>(out + i * sizeof<T>(), <T>best);
    }
    x += length * inner * sizeof<T>();
    out += inner * sizeof<T>();
  }
}

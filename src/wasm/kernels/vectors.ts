/** Vectors of T: 4 × f32 or 2 × f64. What v128 lacks, and the parts of a vector that end a row. */

export function lanes<T>(): i32 {
  return 16 / sizeof<T>();
}

/** The first `count` < lanes elements at `address`; zeros after. */
export function loadPart<T>(address: usize, count: i32): v128 {
  if (sizeof<T>() == 8) return v128.load64_zero(address);
  if (count == 1) return v128.load32_zero(address);
  const v = v128.load64_zero(address);
  return count == 2 ? v : v128.load32_lane(address, v, 2, 8);
}

export function storePart<T>(address: usize, count: i32, v: v128): void {
  if (sizeof<T>() == 8) {
    v128.store64_lane(address, v, 0);
  } else if (count == 1) {
    v128.store32_lane(address, v, 0);
  } else {
    v128.store64_lane(address, v, 0);
    if (count == 3) v128.store32_lane(address, v, 2, 8);
  }
}

/** A mask of the first `count` < lanes lanes. */
export function firstLanes<T>(count: i32): v128 {
  if (sizeof<T>() == 8) return i64x2(-1, 0);
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** All lanes x. */
export function all<T>(x: f64): v128 {
  return v128.splat<T>(<T>x);
}

/** In each lane yes where the mask is all ones, no where it is all zeros. */
export function choose<T>(mask: v128, yes: v128, no: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (sizeof<T>() == 4) return v128.relaxed_laneselect<i32>(yes, no, mask);
    return v128.relaxed_laneselect<i64>(yes, no, mask);
  }
  return v128.bitselect(yes, no, mask);
}

/** |magnitude| with the sign of `sign`. */
export function copySign<T>(magnitude: v128, sign: v128): v128 {
  return v128.bitselect(sign, magnitude, all<T>(-0.0));
}

/** Bits of a significand that are stored. */
export function fractionBits<T>(): i32 {
  return sizeof<T>() == 4 ? 23 : 52;
}

/** A mask of those bits. */
export function fractionMask<T>(): v128 {
  if (sizeof<T>() == 4) return v128.splat<i32>(0x7fffff);
  return v128.splat<i64>(0xfffffffffffff);
}

/** Sums, differences and shifts of the bits of lanes, as integers; zeros come in from the right, or the left. */
export function addBits<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 4) return v128.add<i32>(a, b);
  return v128.add<i64>(a, b);
}

export function subtractBits<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 4) return v128.sub<i32>(a, b);
  return v128.sub<i64>(a, b);
}

export function shiftLeft<T>(x: v128, by: i32): v128 {
  if (sizeof<T>() == 4) return v128.shl<i32>(x, by);
  return v128.shl<i64>(x, by);
}

export function shiftRight<T>(x: v128, by: i32): v128 {
  if (sizeof<T>() == 4) return v128.shr<u32>(x, by);
  return v128.shr<u64>(x, by);
}

/** The sum of the lanes, in double precision and a fixed order. */
export function sumLanes<T>(v: v128): f64 {
  const pair = <f64>v128.extract_lane<T>(v, 0) + <f64>v128.extract_lane<T>(v, 1);
  if (sizeof<T>() == 8) return pair;
  return pair + (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3));
}

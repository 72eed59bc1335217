import { addBits, all, choose, fractionBits, fractionMask, shiftRight, subtractBits } from "./vectors";
import { madd } from "./microkernel";

/** ln x = k·ln 2 + ln(1 + f) with x = 2ᵏ·(1 + f) and √½ ≤ 1 + f < √2. */
export function log<T>(x: v128): v128 {
  // denormal numbers are made normal: 2²³·x or 2⁵²·x
  const smallest = sizeof<T>() == 4 ? 1.1754943508222875e-38 : 2.2250738585072014e-308;
  const denormal = v128.lt<T>(x, all<T>(smallest));
  const scaled = v128.mul<T>(x, all<T>(lastInteger<T>()));
  // bits of x, moved so that √½ has the exponent field of 1: this holds k + bias, and below it 1 + f as distance from √½
  const rootHalf = all<T>(0.7071067811865476);
  const bits = addBits<T>(choose<T>(denormal, scaled, x), subtractBits<T>(all<T>(1), rootHalf));
  const f = v128.sub<T>(addBits<T>(v128.and(bits, fractionMask<T>()), rootHalf), all<T>(1));
  // a small integer in the last bits of 2²³ or 2⁵² is added to it
  const field = v128.or(shiftRight<T>(bits, fractionBits<T>()), all<T>(lastInteger<T>()));
  const bias = sizeof<T>() == 4 ? 127 : 1023;
  const k = v128.sub<T>(
    v128.sub<T>(field, all<T>(lastInteger<T>() + bias)),
    v128.and(denormal, all<T>(fractionBits<T>())),
  );
  const y = logOfParts<T>(k, f);
  const ordinary = v128.and(v128.gt<T>(x, all<T>(0)), v128.lt<T>(x, all<T>(Infinity)));
  if (!v128.any_true(v128.not(ordinary))) return y;
  // ∞ gives ∞, NaN and what is below 0 NaN, as a square root does; ±0 gives −∞
  const special = choose<T>(v128.eq<T>(x, all<T>(0)), all<T>(-Infinity), v128.sqrt<T>(x));
  return choose<T>(ordinary, y, special);
}

/** ln(1 + u) for 0 ≤ u ≤ 1, without forming 1 + u. */
export function log1p<T>(u: v128): v128 {
  const one = all<T>(1);
  const halve = v128.gt<T>(u, all<T>(0.41421356237309503)); // 1 + u > √2
  const f = choose<T>(halve, v128.mul<T>(all<T>(0.5), v128.sub<T>(u, one)), u);
  return logOfParts<T>(v128.and(halve, one), f);
}

/** Where consecutive numbers are integers: 2²³ or 2⁵². */
function lastInteger<T>(): f64 {
  return sizeof<T>() == 4 ? 8388608 : 4503599627370496;
}

/**
 * k·ln 2 + ln(1 + f), √½ ≤ 1 + f ≤ √2. With s = f/(2 + f), ln(1 + f) = 2·artanh s = 2s + s·R, R = s²·P(s²), and as 2s = f − s·f it is
 * f − (f²/2 − s·(f²/2 + R)): the large term f is exact (as in fdlibm's e_log.c). k times the first part of ln 2 is exact too.
 */
function logOfParts<T>(k: v128, f: v128): v128 {
  const high = sizeof<T>() == 4 ? 0.693145751953125 : 0.693147180559663;
  const low = sizeof<T>() == 4 ? 1.428606765330187e-6 : 2.8235290563031577e-13;
  const s = v128.div<T>(f, v128.add<T>(f, all<T>(2)));
  const z = v128.mul<T>(s, s);
  const r = v128.mul<T>(z, sizeof<T>() == 4 ? p32<T>(z) : p64<T>(z));
  const h = v128.mul<T>(all<T>(0.5), v128.mul<T>(f, f));
  const correction = madd<T>(s, v128.add<T>(h, r), v128.mul<T>(k, all<T>(low)));
  return v128.add<T>(v128.mul<T>(k, all<T>(high)), v128.sub<T>(f, v128.sub<T>(h, correction)));
}

/** P(z) = (2·artanh √z / √z − 2)/z, minimax by Remez's algorithm for √z ≤ (√2 − 1)/(√2 + 1): relative error of ln 2⁻³⁰. */
function p32<T>(z: v128): v128 {
  let p = all<T>(0.2987123727798462);
  p = madd<T>(p, z, all<T>(0.39977574348449707));
  return madd<T>(p, z, all<T>(0.6666677594184875));
}

/** The same for float64: relative error of ln 2⁻⁵⁹. */
function p64<T>(z: v128): v128 {
  let p = all<T>(0.14798593409438834);
  p = madd<T>(p, z, all<T>(0.15313803849030805));
  p = madd<T>(p, z, all<T>(0.181835732528317));
  p = madd<T>(p, z, all<T>(0.222221984158868));
  p = madd<T>(p, z, all<T>(0.28571428743771743));
  p = madd<T>(p, z, all<T>(0.39999999999409164));
  return madd<T>(p, z, all<T>(0.6666666666666735));
}

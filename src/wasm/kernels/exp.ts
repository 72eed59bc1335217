import { addBits, all, fractionBits, shiftLeft } from "./vectors";
import { madd } from "./microkernel";

/**
 * eˣ = 2ᵏ·eʳ with k = ⌊x / ln 2⌉ and r = x − k·ln 2, so |r| ≤ ½·ln 2. ln 2 has two parts, of which the first is so short
 * that k times it is exact (Cody & Waite, 1980).
 */
export function exp<T>(x: v128): v128 {
  // beyond these eˣ is 0 or ∞; pmin and pmax let NaN through
  x = v128.pmax<T>(v128.pmin<T>(x, all<T>(sizeof<T>() == 4 ? 89 : 710)), all<T>(sizeof<T>() == 4 ? -104 : -746));
  const k = v128.sub<T>(shiftedExponent<T>(x), all<T>(shift<T>()));
  const y = v128.add<T>(all<T>(1), expm1OfRest<T>(x, k));
  // 2ᵏ in two steps: it may be denormal, or too large where 2ᵏ·eʳ is not
  const half = madd<T>(k, all<T>(0.5), all<T>(shift<T>()));
  const otherHalf = v128.add<T>(v128.sub<T>(k, v128.sub<T>(half, all<T>(shift<T>()))), all<T>(shift<T>()));
  return v128.mul<T>(v128.mul<T>(y, powerOfTwo<T>(half, 1)), powerOfTwo<T>(otherHalf, 1));
}

/** eˣ for x ≤ 0: nothing overflows, and a result below the normal numbers is rounded once, by the last product. */
export function expOfNegative<T>(x: v128): v128 {
  x = v128.pmax<T>(x, all<T>(sizeof<T>() == 4 ? -104 : -746));
  const shifted = shiftedExponent<T>(x);
  const y = v128.add<T>(all<T>(1), expm1OfRest<T>(x, v128.sub<T>(shifted, all<T>(shift<T>()))));
  const up = sizeof<T>() == 4 ? 18446744073709551616.0 : 1.3407807929942597e154; // 2⁶⁴ or 2⁵¹²
  return v128.mul<T>(v128.mul<T>(y, powerOfTwo<T>(shifted, up)), all<T>(1 / up));
}

/** ½(eˣ − 1) = 2ᵏ⁻¹·(eʳ − 1) + (2ᵏ⁻¹ − ½) for 0 ≤ x ≤ 88 (or 709); nothing cancels near 0, where k is 0. */
export function halfExpm1OfPositive<T>(x: v128): v128 {
  const shifted = shiftedExponent<T>(x);
  const y = expm1OfRest<T>(x, v128.sub<T>(shifted, all<T>(shift<T>())));
  const power = powerOfTwo<T>(shifted, 0.5);
  return madd<T>(power, y, v128.sub<T>(power, all<T>(0.5)));
}

/** Adding it rounds a number to an integer, which is then found in the lowest bits: 1.5·2²³ or 1.5·2⁵². */
function shift<T>(): f64 {
  return sizeof<T>() == 4 ? 12582912 : 6755399441055744;
}

/** k + shift */
function shiftedExponent<T>(x: v128): v128 {
  return madd<T>(x, all<T>(1.4426950408889634), all<T>(shift<T>()));
}

/** 2ᵏ·one, `one` a power of 2, from k + shift: the bits of k move to the exponent, and are added to those of `one`. */
function powerOfTwo<T>(shifted: v128, one: f64): v128 {
  return addBits<T>(shiftLeft<T>(shifted, fractionBits<T>()), all<T>(one));
}

/** eʳ − 1 = r + r²·Q(r), where r = t − c (t = x − k·(ln 2)₁ is exact, c = k·(ln 2)₂) enters as t + (r²·Q(r) − c). */
function expm1OfRest<T>(x: v128, k: v128): v128 {
  const high = sizeof<T>() == 4 ? 0.693145751953125 : 0.693147180559663;
  const low = sizeof<T>() == 4 ? 1.428606765330187e-6 : 2.8235290563031577e-13;
  const t = madd<T>(k, all<T>(-high), x);
  const minusC = v128.mul<T>(k, all<T>(-low));
  const r = v128.add<T>(t, minusC);
  const z = v128.mul<T>(r, r);
  return v128.add<T>(t, madd<T>(z, sizeof<T>() == 4 ? q32<T>(r, z) : q64<T>(r, z), minusC));
}

/**
 * Q(r) = (eʳ − 1 − r)/r², minimax by Remez's algorithm for |r| ≤ ½·ln 2: relative error of eʳ − 1 below 2⁻²⁶. Terms are
 * paired (Estrin's scheme), so that few wait for each other.
 */
function q32<T>(r: v128, z: v128): v128 {
  const low = madd<T>(all<T>(0.16666539013385773), r, all<T>(0.4999999701976776));
  const middle = madd<T>(all<T>(0.008367082104086876), r, all<T>(0.04166775196790695));
  return madd<T>(madd<T>(all<T>(0.0013836321886628866), z, middle), z, low);
}

/** The same for float64: relative error of eʳ − 1 below 2⁻⁵⁹. */
function q64<T>(r: v128, z: v128): v128 {
  let even = all<T>(2.08753354916477e-9);
  even = madd<T>(even, z, all<T>(2.755740275311872e-7));
  even = madd<T>(even, z, all<T>(2.4801587172257988e-5));
  even = madd<T>(even, z, all<T>(0.0013888888888962591));
  even = madd<T>(even, z, all<T>(0.041666666666666505));
  even = madd<T>(even, z, all<T>(0.5));
  let odd = all<T>(2.5109024131922954e-8);
  odd = madd<T>(odd, z, all<T>(2.755724425506446e-6));
  odd = madd<T>(odd, z, all<T>(0.00019841269886072683));
  odd = madd<T>(odd, z, all<T>(0.008333333333321655));
  odd = madd<T>(odd, z, all<T>(0.16666666666666677));
  return madd<T>(odd, r, even);
}

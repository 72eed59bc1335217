import { expOfNegative } from "./exp";
import { all, choose } from "./vectors";
import { log1p } from "./log";

/**
 * σ(x) = 1/(1 + e) with e = e^{−|x|}, or e/(1 + e) where x < 0: nothing overflows. Where σ < ¼ the rounding of 1 + e and of the
 * quotient is kept out of it as σ = e − e·σ.
 */
export function sigmoid<T>(x: v128): v128 {
  const e = expOfNegative<T>(v128.neg<T>(v128.abs<T>(x)));
  const one = all<T>(1);
  const q = v128.div<T>(choose<T>(v128.lt<T>(x, all<T>(0)), e, one), v128.add<T>(e, one));
  const refined = v128.sub<T>(e, v128.mul<T>(e, q));
  return choose<T>(v128.lt<T>(x, all<T>(-1.0987)), refined, q);
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^{−|x|}), of which σ is the derivative. */
export function softplus<T>(x: v128): v128 {
  return v128.add<T>(v128.pmax<T>(x, all<T>(0)), log1p<T>(expOfNegative<T>(v128.neg<T>(v128.abs<T>(x)))));
}

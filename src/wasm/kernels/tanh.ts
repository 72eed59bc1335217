import { halfExpm1OfPositive } from "./exp";
import { all, choose, copySign } from "./vectors";

/**
 * tanh x = ±q, q = d/(1 + d) with d = ½(e^{2|x|} − 1), in which nothing cancels however small x is; where q < ¼ the rounding of
 * 1 + d and of the quotient is kept out of q as q = d − d·q.
 */
export function tanh<T>(x: v128): v128 {
  // tanh is ±1 to the last bit from here on; pmin lets NaN through
  const y = v128.pmin<T>(v128.abs<T>(x), all<T>(sizeof<T>() == 4 ? 10 : 20));
  const d = halfExpm1OfPositive<T>(v128.add<T>(y, y));
  const q = v128.div<T>(d, v128.add<T>(d, all<T>(1)));
  const refined = v128.sub<T>(d, v128.mul<T>(d, q));
  return copySign<T>(choose<T>(v128.lt<T>(y, all<T>(0.2554)), refined, q), x);
}

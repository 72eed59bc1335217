import { halfExpm1OfPositive } from "./exp";
import { madd } from "./microkernel";
import { all, choose, copySign } from "./vectors";

/**
 * tanh x = ±q, q = d/(1 + d) with d = ½(e^{2|x|} − 1), in which nothing cancels however small x is; and `ofSmall` where q < ¼, to which
 * the rounding of d, 1 + d and the quotient would add up to more than 2 ulp.
 */
export function tanh<T>(x: v128): v128 {
  // tanh is ±1 to the last bit from here on; pmin lets NaN through
  const y = v128.pmin<T>(v128.abs<T>(x), all<T>(sizeof<T>() == 4 ? 10 : 20));
  const d = halfExpm1OfPositive<T>(v128.add<T>(y, y));
  const q = v128.div<T>(d, v128.add<T>(d, all<T>(1)));
  return copySign<T>(choose<T>(v128.lt<T>(y, all<T>(0.2554)), ofSmall<T>(y, d, q), q), x);
}

/**
 * tanh y for 0 ≤ y < 0.2554. float32: y + y³·P(y²) with the P of degree 2 whose relative error is least, 2⁻²⁸ of tanh y. float64, where
 * P would be long: d − d·q, which keeps the rounding of 1 + d and of the quotient out.
 */
function ofSmall<T>(y: v128, d: v128, q: v128): v128 {
  if (sizeof<T>() == 8) return v128.sub<T>(d, v128.mul<T>(d, q));
  const z = v128.mul<T>(y, y);
  let P = madd<T>(all<T>(-0.05132234), z, all<T>(0.13323444));
  P = madd<T>(P, z, all<T>(-0.33333227));
  return madd<T>(v128.mul<T>(y, z), P, y);
}

/**
 * A computation failed because of the numbers it was given: a pivot that is not positive, a NaN or an infinity.
 * Wrong shapes and arguments are a RangeError or TypeError instead. K-FAC recovers from this error by raising the damping.
 */
export class NumericalError extends Error {
  override readonly name = "NumericalError";
}

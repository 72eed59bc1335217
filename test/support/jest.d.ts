declare namespace jest {
  interface Matchers<R> {
    /** The same shape, and elements equal within tolerance·max(|expected|, its Σ|terms|); NaN and ±∞ only equal themselves. */
    toBeCloseToPlain(expected: import("./plain.js").Plain, tolerance: number): R;
    /** The same shape and the same elements; 0 and −0 are the same. */
    toBePlain(expected: import("./plain.js").Plain): R;
  }
}

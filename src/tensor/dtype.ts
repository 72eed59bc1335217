/** The two element types. "float32" is the default, and the only one a GPU backend has. */
export type DType = "float32" | "float64";

/** Host memory of either element type. */
export type FloatArray = Float32Array | Float64Array;

/** A zero-filled array of `length` elements. */
export function zeros(dtype: DType, length: number): FloatArray {
  return dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
}

/** The element type an array holds. */
export function dtypeOf(array: FloatArray): DType {
  return array instanceof Float32Array ? "float32" : "float64";
}

/** Unit roundoff ×2, the spacing of floats at 1: 2⁻²³ or 2⁻⁵². */
export function epsilon(dtype: DType): number {
  return dtype === "float32" ? 2 ** -23 : 2 ** -52;
}

/** Bytes an element takes. */
export function bytesPerElement(dtype: DType): number {
  return dtype === "float32" ? 4 : 8;
}

/** The largest finite number. */
export function largest(dtype: DType): number {
  return dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
}

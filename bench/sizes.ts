import type { DType } from "../src/index.js";
import type { Place } from "./places.js";

/** Which sizes and places a run covers. */
export interface Coverage {
  readonly places: readonly Place[];
  readonly largest: number;
  /** The legible backend is slow: its cases end here. */
  readonly largestOnCpu: number;
}

export const dtypes: readonly DType[] = ["float32", "float64"];

/** One combination of size, dtype and place. */
export interface Point {
  readonly n: number;
  readonly dtype: DType;
  readonly place: Place;
}

/** Every size in every dtype at every place that a run covers. */
export function points({ places, largest, largestOnCpu }: Coverage, sizes: readonly number[]): Point[] {
  return sizes.flatMap((n) =>
    dtypes.flatMap((dtype) =>
      places.filter(({ name }) => n <= (name === "cpu" ? largestOnCpu : largest)).map((place) => ({ n, dtype, place })),
    ),
  );
}

/** Powers of two from one to another. */
export function powersOfTwo(from: number, to: number): number[] {
  return from > to ? [] : [from, ...powersOfTwo(2 * from, to)];
}

import { tensor } from "../../src/tensor/create.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import type { Place } from "./backends.js";
import { randomNumbers } from "./matrices.js";
import { count } from "./plain.js";

/** The reference place: float64 on cpu. */
export const reference = { backend: cpu(), dtype: "float64" } as const;

export type Numbers = (shape: readonly number[]) => Tensor;

/** Tensors of random numbers in [−1, 1), the same ones in every run. */
export function randomTensors(seed: number, place: Pick<Place, "backend" | "dtype"> = reference): Numbers {
  const random = randomNumbers(seed);
  return (shape) => tensor(Float64Array.from({ length: count(shape) }, random), { ...place, shape });
}

import { tensor, read, type Placement } from "../tensor/create.js";
import type { FloatArray } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** A tensor's elements in host memory, row by row. */
export interface HostTensor {
  readonly shape: Shape;
  readonly values: FloatArray;
}

/** Copies tensors out, as they are at the call, in one wait. */
export async function readAll(tensors: Iterable<readonly [string, Tensor]>): Promise<Map<string, HostTensor>> {
  const pending = Array.from(tensors, async ([name, t]) => [name, { shape: t.shape, values: await read(t) }] as const);
  return new Map(await Promise.all(pending));
}

/** In the dtype of its values, where no other is asked for. */
export function toTensor({ shape, values }: HostTensor, placement: Placement = {}): Tensor {
  return tensor(values, { ...placement, shape });
}

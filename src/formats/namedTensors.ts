import type { Placement } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { readAll, toTensor } from "./hostTensor.js";
import { packSafetensors, unpackSafetensors } from "./safetensors.js";

/** Tensors by name, from a file, and what the file says about them. */
export interface NamedTensors {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Map<string, string>;
}

/**
 * A .safetensors file of named tensors: Object.entries({ W, b }), or a Map.
 * @throws RangeError for a tensor named "__metadata__".
 */
export async function encodeSafetensors(
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Iterable<readonly [string, string]> = [],
): Promise<Uint8Array<ArrayBuffer>> {
  return packSafetensors({ tensors: await readAll(tensors), metadata: new Map(metadata) });
}

/**
 * The tensors of a .safetensors file, in their own dtype unless another is asked for.
 * @throws FormatError where the bytes are no whole such file of float32 and float64 tensors.
 */
export function decodeSafetensors(bytes: Uint8Array, placement?: Placement): NamedTensors {
  const { tensors, metadata } = unpackSafetensors(bytes);
  return {
    tensors: scope(() => new Map([...tensors].map(([name, t]) => [name, toTensor(t, placement)]))),
    metadata: new Map(metadata),
  };
}

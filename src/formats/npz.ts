import type { Placement } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { FormatError } from "./formatError.js";
import { readAll, toTensor } from "./hostTensor.js";
import { packNpy, unpackNpy } from "./npy.js";
import { packZip, unpackZip } from "./zip.js";

/** A .npz file of named tensors, Object.entries({ W, b }) or a Map, uncompressed as np.savez writes it. */
export async function encodeNpz(tensors: Iterable<readonly [string, Tensor]>): Promise<Uint8Array<ArrayBuffer>> {
  const read = await readAll(tensors);
  return packZip(new Map([...read].map(([name, t]) => [`${name}.npy`, packNpy(t)])));
}

/**
 * The tensors of a .npz file, compressed or not, each as `decodeNpy` reads it.
 * @throws FormatError where the bytes are no whole zip file, or a file in it no whole .npy file.
 */
export async function decodeNpz(bytes: Uint8Array, placement?: Placement): Promise<Map<string, Tensor>> {
  const files = await unpackZip(bytes);
  const arrays = [...files].map(([name, file]) => [name.replace(/\.npy$/, ""), unpacked(name, file)] as const);
  return scope(() => new Map(arrays.map(([name, array]) => [name, toTensor(array, placement)])));
}

function unpacked(name: string, file: Uint8Array) {
  try {
    return unpackNpy(file);
  } catch (error) {
    throw error instanceof FormatError ? new FormatError(`${JSON.stringify(name)}: ${error.message}`) : error;
  }
}

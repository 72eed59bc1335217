import type { Placement } from "../tensor/create.js";
import { read } from "../tensor/create.js";
import { dtypeOf, zeros, type FloatArray } from "../tensor/dtype.js";
import { size, strides, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { FormatError } from "./formatError.js";
import { toTensor, type HostTensor } from "./hostTensor.js";

/*
 * .npy, NumPy's array file: "\x93NUMPY", two bytes of version, the length of the header (2 bytes in version 1, 4 later), the header as
 * a Python dict, the elements.
 */

const MAGIC = "\x93NUMPY";

/** A .npy file (version 1.0, little-endian, C order) of a tensor: np.load reads it. */
export async function encodeNpy(t: Tensor): Promise<Uint8Array<ArrayBuffer>> {
  return packNpy({ shape: t.shape, values: await read(t) });
}

/**
 * The tensor in a .npy file of any version. float32 stays float32 and all else becomes float64, unless a dtype is asked for: float64,
 * integers and booleans. Either byte order, and Fortran order too.
 * @throws FormatError where the bytes are no whole such file, or an integer is beyond ±2⁵³.
 */
export function decodeNpy(bytes: Uint8Array, placement?: Placement): Tensor {
  return toTensor(unpackNpy(bytes), placement);
}

export function packNpy({ shape, values }: HostTensor): Uint8Array<ArrayBuffer> {
  const descr = dtypeOf(values) === "float32" ? "<f4" : "<f8";
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${lengths}), }`;
  const dataAt = 64 * Math.ceil((MAGIC.length + 4 + dict.length + 1) / 64);
  const header = `${MAGIC}\x01\x00..${dict}`.padEnd(dataAt - 1, " ") + "\n";
  const bytes = new Uint8Array(dataAt + values.byteLength);
  bytes.set(Uint8Array.from(header, (character) => character.charCodeAt(0)));
  new DataView(bytes.buffer).setUint16(MAGIC.length + 2, dataAt - MAGIC.length - 4, true);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), dataAt);
  return bytes;
}

/** An element at a byte offset, little-endian or not. */
type Get = (data: DataView, at: number, little: boolean) => number;

const TYPES = new Map<string, { readonly bytes: number; readonly get: Get }>([
  ["f4", { bytes: 4, get: (data, at, little) => data.getFloat32(at, little) }],
  ["f8", { bytes: 8, get: (data, at, little) => data.getFloat64(at, little) }],
  ["b1", { bytes: 1, get: (data, at) => data.getUint8(at) }],
  ["i1", { bytes: 1, get: (data, at) => data.getInt8(at) }],
  ["u1", { bytes: 1, get: (data, at) => data.getUint8(at) }],
  ["i2", { bytes: 2, get: (data, at, little) => data.getInt16(at, little) }],
  ["u2", { bytes: 2, get: (data, at, little) => data.getUint16(at, little) }],
  ["i4", { bytes: 4, get: (data, at, little) => data.getInt32(at, little) }],
  ["u4", { bytes: 4, get: (data, at, little) => data.getUint32(at, little) }],
  ["i8", { bytes: 8, get: (data, at, little) => exact(data.getBigInt64(at, little)) }],
  ["u8", { bytes: 8, get: (data, at, little) => exact(data.getBigUint64(at, little)) }],
]);

/** @throws FormatError as decodeNpy does. */
export function unpackNpy(bytes: Uint8Array): HostTensor {
  const { descr, fortran, shape, dataAt } = headerOf(bytes);
  const type = TYPES.get(descr.slice(1));
  if (type === undefined || !"<>|=".includes(descr[0]))
    return refuse(`its elements are '${descr}'; floats of 4 or 8 bytes, integers and booleans are read`);
  const count = size(shape);
  if (bytes.length - dataAt !== count * type.bytes)
    refuse(
      `${bytes.length - dataAt} bytes follow the header, and (${shape.join(", ")}) of '${descr}' takes ${count * type.bytes}`,
    );
  const data = new DataView(bytes.buffer, bytes.byteOffset + dataAt);
  const little = !descr.startsWith(">");
  const values = zeros(descr.endsWith("f4") ? "float32" : "float64", count);
  for (let i = 0; i < count; i++) values[i] = type.get(data, i * type.bytes, little);
  return { shape, values: fortran ? toRowMajor(values, shape) : values };
}

function headerOf(bytes: Uint8Array): { descr: string; fortran: boolean; shape: number[]; dataAt: number } {
  const start = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (start !== MAGIC || bytes.length < 12) return refuse("it does not begin as one does");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const version = bytes[MAGIC.length];
  if (version < 1 || version > 3) return refuse(`its version is ${version}; 1 to 3 are read`);
  const at = MAGIC.length + (version === 1 ? 4 : 6);
  const dataAt = at + (version === 1 ? view.getUint16(at - 2, true) : view.getUint32(at - 4, true));
  if (dataAt > bytes.length) return refuse(`its header ends at byte ${dataAt}, and it has ${bytes.length}`);
  const dict = new TextDecoder("latin1").decode(bytes.subarray(at, dataAt));
  const descr = /'descr': *'([^']+)'/.exec(dict);
  const order = /'fortran_order': *(True|False)/.exec(dict);
  const lengths = /'shape': *\(([\d, ]*)\)/.exec(dict);
  if (descr === null || order === null || lengths === null)
    return refuse(`its header is ${dict.trim().slice(0, 80)}; it must have descr of one type, fortran_order and shape`);
  const shape = (lengths[1].match(/\d+/g) ?? []).map(Number);
  if (!shape.every(Number.isSafeInteger)) return refuse(`its shape is (${lengths[1]})`);
  return { descr: descr[1], fortran: order[1] === "True", shape, dataAt };
}

/** Elements whose first index runs fastest, in the order in which the last one does. */
function toRowMajor(values: FloatArray, shape: Shape): FloatArray {
  const steps = strides([...shape].reverse()).reverse();
  const index = shape.map(() => 0);
  let from = 0;
  return values.map((_, i) => {
    const value = values[from];
    for (let axis = shape.length - 1; axis >= 0 && i + 1 < values.length; axis--) {
      from += steps[axis];
      if (++index[axis] < shape[axis]) break;
      from -= steps[axis] * shape[axis];
      index[axis] = 0;
    }
    return value;
  });
}

function exact(value: bigint): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : refuse(`${value} in it is beyond ±2⁵³, which float64 does not hold`);
}

function refuse(problem: string): never {
  throw new FormatError(`this is no whole .npy file: ${problem}`);
}

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { UsageError } from "../usage-error.js";

/** The contents of an IDX file of unsigned bytes: `values` is row-major, its size the product of `shape`. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes, gzipped or not: two zero bytes, the type (8), the number of dimensions, each
 * dimension as a big-endian 32-bit integer, then the values. Source: http://yann.lecun.com/exdb/mnist/.
 *
 * @param dimensions how many the file must have: 3 for images, 1 for labels
 * @throws UsageError naming the file, what it holds and the remedy
 */
export function readIdx(file: string, dimensions: number): IdxArray {
  return parseIdx(gunzip(readBytes(file), file), dimensions, file);
}

/** The checks of {@link readIdx} on bytes already in memory and unzipped; `file` is the name used in errors. */
export function parseIdx(bytes: Uint8Array, dimensions: number, file: string): IdxArray {
  const headerLength = 4 + 4 * dimensions;
  if (bytes.length < 4) throw truncated(file, bytes.length, `the ${headerLength} of an IDX header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkMagic(view.getUint32(0), dimensions, file);
  if (bytes.length < headerLength) throw truncated(file, bytes.length, `the ${headerLength} of its header`);

  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  const described = shape.join(" × ");
  const size = shape.reduce((product, length) => product * length, 1);
  if (size === 0) throw new UsageError(`${file}: its header says ${described}, which is empty; choose another file`);

  const values = bytes.subarray(headerLength);
  if (values.length < size) throw truncated(file, values.length, `${size} values (${described}) after its header`);
  if (values.length > size) {
    throw new UsageError(
      `${file}: ${values.length - size} bytes follow the ${size} values (${described}) its header promises; ` +
        "the header or the file is damaged, so fetch it again",
    );
  }
  return { shape, values };
}

const GZIP_MAGIC = 0x1f8b;
const UNSIGNED_BYTES = 0x08;

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`);
  }
}

function gunzip(bytes: Uint8Array, file: string): Uint8Array {
  if (bytes.length < 2 || ((bytes[0] << 8) | bytes[1]) !== GZIP_MAGIC) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new UsageError(
      `${file}: ${bytes.length} gzipped bytes do not unzip (${(error as Error).message}); it is truncated or damaged, so fetch it again`,
    );
  }
}

function checkMagic(magic: number, dimensions: number, file: string): void {
  const type = (magic >>> 8) & 0xff;
  const found = magic & 0xff;
  if (magic >>> 16 !== 0) {
    throw new UsageError(
      `${file}: begins with ${hex(magic)}, so it is not an IDX file, whose first two bytes are zero`,
    );
  }
  if (type !== UNSIGNED_BYTES) {
    throw new UsageError(
      `${file}: holds values of type 0x${type.toString(16).padStart(2, "0")}; convert them to unsigned bytes (0x08)`,
    );
  }
  if (found !== dimensions) {
    throw new UsageError(
      `${file}: has ${found} dimensions where ${dimensions} are wanted; images have 3, labels have 1: are the two files swapped?`,
    );
  }
}

const hex = (magic: number): string => `0x${magic.toString(16).padStart(8, "0")}`;

const truncated = (file: string, length: number, wanted: string): UsageError =>
  new UsageError(`${file}: truncated, it has ${length} bytes of ${wanted}; fetch it again`);

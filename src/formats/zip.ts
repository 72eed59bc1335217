import { crc32 } from "./crc32.js";
import { FormatError } from "./formatError.js";

/*
 * zip, as far as .npz needs it: files one after another, each behind a local header; then a directory of them; then a record of where
 * the directory is. Numbers are little-endian.
 */

const LOCAL = { mark: 0x04034b50, bytes: 30 };
const ENTRY = { mark: 0x02014b50, bytes: 46 };
const END = { mark: 0x06054b50, bytes: 22 };
/** What a field of 4 bytes cannot hold stands elsewhere, in zip64. */
const LIMIT = 0xffffffff;
const [STORED, DEFLATED] = [0, 8];
const UTF8_NAMES = 0x800;
/** Midnight of 1 January 1980, where zip's time begins, so that the same tensors are the same bytes. */
const DATE = 0x21;

/** The files, uncompressed. @throws RangeError where they take 4 GiB or more, or are more than 65535. */
export function packZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const named = [...files].map(([name, data]) => ({ name: new TextEncoder().encode(name), data, crc: crc32(data) }));
  const sum = (of: (file: (typeof named)[number]) => number) => named.reduce((total, file) => total + of(file), 0);
  const directoryAt = sum(({ name, data }) => LOCAL.bytes + name.length + data.length);
  const directoryBytes = sum(({ name }) => ENTRY.bytes + name.length);
  const total = directoryAt + directoryBytes + END.bytes;
  if (total >= LIMIT || named.length >= 0xffff)
    throw new RangeError(
      `zip: ${named.length} files of ${total} bytes are too many; write a .npy or .safetensors file`,
    );
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  let entryAt = directoryAt;
  for (const { name, data, crc } of named) {
    /** Version 2.0 … the lengths: the same in both headers. */
    const common = (from: number) => {
      view.setUint16(from, 20, true);
      view.setUint16(from + 2, UTF8_NAMES, true);
      view.setUint16(from + 4, STORED, true);
      view.setUint16(from + 8, DATE, true);
      view.setUint32(from + 10, crc, true);
      view.setUint32(from + 14, data.length, true);
      view.setUint32(from + 18, data.length, true);
      view.setUint16(from + 22, name.length, true);
    };
    view.setUint32(entryAt, ENTRY.mark, true);
    view.setUint16(entryAt + 4, 20, true);
    common(entryAt + 6);
    view.setUint32(entryAt + 42, at, true);
    bytes.set(name, entryAt + ENTRY.bytes);
    entryAt += ENTRY.bytes + name.length;

    view.setUint32(at, LOCAL.mark, true);
    common(at + 4);
    bytes.set(name, at + LOCAL.bytes);
    bytes.set(data, at + LOCAL.bytes + name.length);
    at += LOCAL.bytes + name.length + data.length;
  }
  view.setUint32(entryAt, END.mark, true);
  view.setUint16(entryAt + 8, named.length, true);
  view.setUint16(entryAt + 10, named.length, true);
  view.setUint32(entryAt + 12, directoryBytes, true);
  view.setUint32(entryAt + 16, directoryAt, true);
  return bytes;
}

/** The files by name, stored or deflated. @throws FormatError for anything else, and where a checksum does not hold. */
export async function unpackZip(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  try {
    for (const entry of directoryOf(bytes)) {
      if (files.has(entry.name)) refuse(`it has ${JSON.stringify(entry.name)} twice`);
      files.set(entry.name, await contents(bytes, entry));
    }
  } catch (error) {
    if (error instanceof RangeError) refuse("a place that it names is outside it"); // as DataView says
    throw error;
  }
  return files;
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

function directoryOf(bytes: Uint8Array): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A comment of up to 65535 bytes may follow the end record.
  let end = bytes.length - END.bytes;
  while (end >= 0 && end > bytes.length - END.bytes - 0x10000 && view.getUint32(end, true) !== END.mark) end--;
  if (end < 0 || view.getUint32(end, true) !== END.mark) return refuse("it has no end record");
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (at === LIMIT || count === 0xffff) refuse("it is of zip64, which is not read; it has 4 GiB or more");
  return Array.from({ length: count }, () => {
    if (view.getUint32(at, true) !== ENTRY.mark) refuse("its directory is not where it says");
    const [nameBytes, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const name = bytes.subarray(at + ENTRY.bytes, at + ENTRY.bytes + nameBytes);
    if ((view.getUint16(at + 8, true) & 1) !== 0) refuse("it is encrypted");
    const entry = {
      name: new TextDecoder().decode(name),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    };
    at += ENTRY.bytes + nameBytes + extra + comment;
    return entry;
  });
}

async function contents(bytes: Uint8Array, { name, method, crc, packed, size, at }: Entry): Promise<Uint8Array> {
  const of = JSON.stringify(name);
  if (packed === LIMIT || size === LIMIT) refuse(`${of} is of zip64, which is not read; it has 4 GiB or more`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(at, true) !== LOCAL.mark) refuse(`${of} is not where its directory says`);
  // The local header's own lengths may differ from the directory's.
  const start = at + LOCAL.bytes + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  const source = bytes.subarray(start, start + packed);
  if (source.length !== packed) refuse(`${of} ends after the file does`);
  if (method !== STORED && method !== DEFLATED) refuse(`${of} is packed by method ${method}; 0 and 8 are read`);
  const data = method === STORED ? source : await inflated(of, source, size);
  if (data.length !== size || crc32(data) !== crc) refuse(`${of} is damaged: its length or its checksum is another`);
  return data;
}

/** Never more than the size that was promised. */
async function inflated(of: string, source: Uint8Array, size: number): Promise<Uint8Array> {
  if (size > 1032 * source.length) refuse(`${of} is to be ${size} bytes, more than its ${source.length} can unpack to`);
  const data = new Uint8Array(size);
  let at = 0;
  const stream = new Blob([source as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = stream.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (at + part.value.length > size) throw new TypeError("longer than promised");
      data.set(part.value, at);
      at += part.value.length;
    }
  } catch {
    await reader.cancel().catch(() => undefined);
    return refuse(`${of} cannot be unpacked`);
  }
  return data.subarray(0, at);
}

function refuse(problem: string): never {
  throw new FormatError(`this is no whole .npz file: ${problem}`);
}

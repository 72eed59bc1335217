import { bytesPerElement, dtypeOf, zeros, type DType } from "../tensor/dtype.js";
import { format, size } from "../tensor/shape.js";
import { FormatError } from "./formatError.js";
import type { HostTensor } from "./hostTensor.js";

/*
 * safetensors: the length of the header as an unsigned 64-bit number, the header as JSON, then the elements of all tensors, end to end.
 * All numbers are little-endian, as in the memory of every machine that this runs on.
 */

/** Named tensors, and what is said about them. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Where the header begins. */
export const HEADER_AT = 8;
/** The limit of the format's own library. */
const LONGEST_HEADER = 100_000_000;

const DTYPES: Readonly<Record<DType, string>> = { float32: "F32", float64: "F64" };
const METADATA = "__metadata__";

/** float64 first, and the header filled up to a multiple of 8 with spaces, so that every tensor begins at a multiple of its size. */
export function packSafetensors({ tensors, metadata }: Safetensors): Uint8Array<ArrayBuffer> {
  if (tensors.has(METADATA)) throw new RangeError(`safetensors: a tensor cannot be called ${METADATA}; rename it`);
  const ordered = [...tensors].sort(
    ([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT, // stable: otherwise as given
  );
  let end = 0;
  const entries = ordered.map(([name, { shape, values }]) => {
    const begin = end;
    end += values.byteLength;
    return [name, { dtype: DTYPES[dtypeOf(values)], shape, data_offsets: [begin, end] }] as const;
  });
  const said = metadata.size > 0 ? [[METADATA, Object.fromEntries(metadata)] as const] : [];
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...said, ...entries])));
  const length = 8 * Math.ceil(json.length / 8);
  const bytes = new Uint8Array(HEADER_AT + length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, HEADER_AT);
  bytes.fill(0x20, HEADER_AT + json.length, HEADER_AT + length);
  ordered.forEach(([, { values }], i) => {
    const [begin] = entries[i][1].data_offsets;
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), HEADER_AT + length + begin);
  });
  return bytes;
}

/** @throws FormatError where the bytes are not exactly one file, its tensors end to end, of float32 and float64. */
export function unpackSafetensors(bytes: Uint8Array): Safetensors {
  const { text, dataAt } = headerOf(bytes);
  const data = bytes.subarray(dataAt);
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(parse(text))) {
    if (name !== METADATA) entries.push(entryOf(name, value));
    else
      for (const [key, about] of Object.entries(isObject(value) ? value : refuse(`${METADATA} is no object`))) {
        if (typeof about !== "string") refuse(`${METADATA} has ${show(key)} that is no text`);
        metadata.set(key, about);
      }
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const { name, begin, end: next } of entries) {
    if (begin !== end) refuse(`tensor ${show(name)} begins at byte ${begin}, and the one before ends at ${end}`);
    end = next;
  }
  if (end !== data.length) refuse(`its tensors take ${end} bytes, and ${data.length} follow the header`);
  const tensors = new Map(
    entries.map(({ name, shape, dtype, begin, end }) => {
      const values = zeros(dtype, (end - begin) / bytesPerElement(dtype));
      new Uint8Array(values.buffer).set(data.subarray(begin, end));
      return [name, { shape, values }];
    }),
  );
  return { tensors, metadata };
}

/** The header as text, and where the data begins. */
export function headerOf(bytes: Uint8Array): { text: string; dataAt: number } {
  if (bytes.length < HEADER_AT)
    refuse(`it has ${bytes.length} bytes, and the length of its header alone takes ${HEADER_AT}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const rest = bytes.length - HEADER_AT;
  if (length > rest || length > LONGEST_HEADER)
    refuse(`its header is to be ${length} bytes long, and ${rest} follow (${LONGEST_HEADER} at most are read)`);
  const dataAt = HEADER_AT + Number(length);
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(bytes.subarray(HEADER_AT, dataAt)), dataAt };
  } catch {
    return refuse("its header is no UTF-8");
  }
}

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Its bytes, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

function entryOf(name: string, value: unknown): Entry {
  const of = `tensor ${show(name)}`;
  if (!isObject(value) || Object.keys(value).sort().join() !== "data_offsets,dtype,shape")
    return refuse(`${of} must have dtype, shape, data_offsets and nothing else`);
  const dtype = (Object.keys(DTYPES) as DType[]).find((known) => DTYPES[known] === value.dtype);
  if (dtype === undefined)
    return refuse(`${of} is of ${show(value.dtype)}; only ${Object.values(DTYPES).join(" and ")} are read`);
  const { shape, data_offsets: offsets } = value;
  if (!isCounts(shape)) return refuse(`${of} has shape ${show(shape)}; it must be lengths of at least 0`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[1] < offsets[0])
    return refuse(`${of} has data_offsets ${show(offsets)}; they must be two rising places`);
  const [begin, end] = offsets;
  if (end - begin !== size(shape) * bytesPerElement(dtype))
    refuse(
      `${of} has ${end - begin} bytes, and ${format(shape)} ${dtype} takes ${size(shape) * bytesPerElement(dtype)}`,
    );
  return { name, dtype, shape, begin, end };
}

function parse(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse("its header is no JSON");
  }
  if (!isObject(value)) return refuse("its header is no JSON object");
  const twice = repeatedKey(text);
  return twice === undefined ? value : refuse(`its header has ${show(twice)} twice`);
}

/** The first key that one object has twice, of which JSON.parse would keep the last. The text is known to be JSON. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  let last = "";
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}:]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (token === ":") {
      const key = JSON.parse(last) as string;
      if (open.at(-1)?.has(key)) return key;
      open.at(-1)?.add(key);
    }
    last = token;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

/** A value as a message can hold it. */
function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function refuse(problem: string): never {
  throw new FormatError(`this is no whole safetensors file: ${problem}`);
}

import { crc32 } from "../formats/crc32.js";
import { FormatError } from "../formats/formatError.js";
import type { HostTensor } from "../formats/hostTensor.js";
import { HEADER_AT, headerOf, packSafetensors, unpackSafetensors, type Safetensors } from "../formats/safetensors.js";

/** A training run at rest: what `load` found in a file, and `restore` sets a model and an optimizer to. */
export interface Checkpoint {
  /** Wᵢ, layer by layer. */
  readonly weights: readonly HostTensor[];
  /** What the layers' activations are called, where the model says so. */
  readonly activations?: readonly string[];
  /** What the optimizer carries on with; missing where weights alone were saved. */
  readonly optimizer?: SavedOptimizer;
}

/** An OptimizerState with its tensors in host memory. */
export interface SavedOptimizer {
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
  readonly numbers: ReadonlyMap<string, number>;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

const FORMAT = "kronfac checkpoint";
const VERSION = "1";
const CHECKSUM = /"checksum":"crc32:([0-9a-f]{8})"/;

/** The file: safetensors, with the checksum of all of it, taken while the checksum itself is zeros, in the metadata. */
export function packCheckpoint({ weights, activations, optimizer }: Checkpoint): Uint8Array<ArrayBuffer> {
  const { name, options = [], numbers = [], tensors = [] } = optimizer ?? {};
  const bytes = packSafetensors({
    metadata: new Map([
      ...Object.entries({ format: FORMAT, version: VERSION, checksum: "crc32:00000000" }),
      ...(activations !== undefined ? [["activations", activations.join(" ")] as const] : []),
      ...(name !== undefined ? [["optimizer", name] as const] : []),
      ...prefixed("options.", options),
      ...prefixed("state.", numbers).map(([key, value]) => [key, textOf(value)] as const),
    ]),
    tensors: new Map([...weights.map((W, i) => [`weights.${i}`, W] as const), ...prefixed("optimizer.", tensors)]),
  });
  const { at, value } = checksumOf(bytes);
  bytes.set(new TextEncoder().encode(value), at);
  return bytes;
}

/** @throws FormatError where a single bit is not as it was written. */
export function unpackCheckpoint(bytes: Uint8Array): Checkpoint {
  const { metadata, tensors } = unpacked(bytes);
  if (metadata.get("format") !== FORMAT)
    throw new FormatError(
      'load: the file holds tensors, but no checkpoint that "save" wrote; decodeSafetensors reads them',
    );
  const version = metadata.get("version") ?? "none";
  if (version !== VERSION)
    throw new FormatError(
      `load: the checkpoint has version ${version}, and this kronfac reads ${VERSION}; use the release that wrote it`,
    );
  const { stated, value } = checksumOf(bytes);
  if (stated !== value)
    throw new FormatError(
      `load: the checkpoint is damaged: its checksum is ${value}, and ${stated} was written; take an earlier one`,
    );
  const name = metadata.get("optimizer");
  const matrices = under("weights.", tensors);
  const weights = Array.from({ length: matrices.size }, (_, i) => matrices.get(String(i)) ?? lacking(`weights.${i}`));
  const called = metadata.get("activations");
  const model = { weights, ...(called !== undefined && { activations: called.split(" ") }) };
  if (name === undefined) return model;
  const numbers = [...under("state.", metadata)].map(([key, text]) => [key, Number(text)] as const);
  const options = under("options.", metadata);
  return { ...model, optimizer: { name, options, numbers: new Map(numbers), tensors: under("optimizer.", tensors) } };
}

function unpacked(bytes: Uint8Array): Safetensors {
  try {
    return unpackSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`load: the file is damaged, or no checkpoint: ${error.message}; take an earlier one`);
  }
}

function lacking(what: string): never {
  throw new FormatError(`load: the checkpoint is damaged: it has no ${what}; take an earlier one`);
}

/** Where the checksum's digits are, what they say, and what they should. */
function checksumOf(bytes: Uint8Array): { at: number; stated: string; value: string } {
  const { text } = headerOf(bytes);
  const match = CHECKSUM.exec(text); // quotes inside JSON's strings are escaped, so this is no part of one
  if (match === null) return lacking("checksum");
  const before = text.slice(0, match.index + match[0].indexOf(match[1]));
  const at = HEADER_AT + new TextEncoder().encode(before).length;
  const zeros = new TextEncoder().encode("00000000");
  const crc = crc32(bytes.subarray(at + 8), crc32(zeros, crc32(bytes.subarray(0, at))));
  return { at, stated: match[1], value: crc.toString(16).padStart(8, "0") };
}

/** Text that Number reads back as the same value. */
function textOf(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function prefixed<V>(prefix: string, entries: Iterable<readonly [string, V]>): [string, V][] {
  return Array.from(entries, ([name, value]) => [prefix + name, value]);
}

/** The entries whose names begin with the prefix, under the rest of their names. */
function under<V>(prefix: string, entries: Iterable<readonly [string, V]>): Map<string, V> {
  const own = [...entries].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

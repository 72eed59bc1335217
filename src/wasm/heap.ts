import { bytesPerElement, dtypeOf, type DType, type FloatArray } from "../tensor/dtype.js";

const PAGE = 65536;
const ALIGNMENT = 64;
/** Memory grows by at least this much, so that it seldom does. */
const GROWTH = 16 * 2 ** 20;
/** What a 32-bit address reaches. */
export const MAX_BYTES = 4 * 2 ** 30;

/** A piece of memory. Its length is that of its size class, at least what was asked for. */
export class Block {
  readonly address: number;
  readonly bytes: number;
  constructor(address: number, bytes: number) {
    this.address = address;
    this.bytes = bytes;
  }
}

interface Range {
  address: number;
  bytes: number;
}

/**
 * Blocks of one WebAssembly memory, in size classes of which there are four to each power of two: a freed block serves the next
 * request of its class. A block that nobody refers to any more is freed by the garbage collector; that is the net below
 * `dispose` and `scope`, not the plan.
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly #limit: number;
  readonly #free = new Map<number, number[]>();
  /** Free memory that no size class holds: what merging freed neighbours gave, once there was no room otherwise. By address. */
  #ranges: Range[] = [];
  #top: number;
  #live = 0;
  readonly #net = new FinalizationRegistry<{ address: number; bytes: number }>(({ address, bytes }) => {
    this.#recycle(address, bytes);
  });

  constructor(memory: WebAssembly.Memory, limit: number) {
    this.memory = memory;
    this.#limit = Math.min(limit, MAX_BYTES - ALIGNMENT); // the address behind the last block must be one, too
    this.#top = ALIGNMENT; // address 0 means "none" to the kernels
  }

  /** Bytes in live blocks. */
  get live(): number {
    return this.#live;
  }

  /** Bytes of memory taken from the system; it never shrinks. */
  get reserved(): number {
    return this.memory.buffer.byteLength;
  }

  /** @throws RangeError at the limit. */
  allocate(length: number): Block {
    const bytes = sizeClass(length);
    const address = this.#free.get(bytes)?.pop() ?? this.#carve(bytes) ?? this.#extend(bytes);
    const block = new Block(address, bytes);
    this.#live += bytes;
    this.#net.register(block, { address, bytes }, block);
    return block;
  }

  release(block: Block): void {
    this.#net.unregister(block);
    this.#recycle(block.address, block.bytes);
  }

  /** A view of a block's elements, for now: growth outgrows or detaches it. */
  view(block: Block, dtype: DType, offset: number, length: number): FloatArray {
    const start = block.address + offset * bytesPerElement(dtype);
    return dtype === "float32"
      ? new Float32Array(this.memory.buffer, start, length)
      : new Float64Array(this.memory.buffer, start, length);
  }

  /** A new block that holds these elements; they may be a view of this very memory, which growth would detach. */
  store(values: FloatArray): Block {
    const { buffer, byteOffset, byteLength, length } = values;
    const inside = buffer === this.memory.buffer;
    const block = this.allocate(byteLength);
    if (inside) new Uint8Array(this.memory.buffer).copyWithin(block.address, byteOffset, byteOffset + byteLength);
    else this.view(block, dtypeOf(values), 0, length).set(values);
    return block;
  }

  #recycle(address: number, bytes: number): void {
    this.#live -= bytes;
    const list = this.#free.get(bytes);
    if (list === undefined) this.#free.set(bytes, [address]);
    else list.push(address);
  }

  #extend(bytes: number): number {
    const address = this.#top;
    const end = address + bytes;
    if (end > this.#limit) return this.#merge().#carve(bytes) ?? this.#refuse(bytes);
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0) {
      const pages = Math.ceil(Math.min(Math.max(missing, GROWTH), this.#limit - this.memory.buffer.byteLength) / PAGE);
      try {
        this.memory.grow(pages);
      } catch {
        return this.#merge().#carve(bytes) ?? this.#refuse(bytes);
      }
    }
    this.#top = end;
    return address;
  }

  /** The start of the first range that is large enough; the rest of it stays a range. */
  #carve(bytes: number): number | undefined {
    const i = this.#ranges.findIndex((range) => range.bytes >= bytes);
    if (i < 0) return undefined;
    const { address, bytes: held } = this.#ranges[i];
    const rest = held === bytes ? [] : [{ address: address + bytes, bytes: held - bytes }];
    this.#ranges.splice(i, 1, ...rest);
    return address;
  }

  /** Makes one range of all free blocks that touch: batches of growing size leave blocks of every class, each too small for the next. */
  #merge(): this {
    const blocks = [...this.#free].flatMap(([bytes, addresses]) => addresses.map((address) => ({ address, bytes })));
    this.#free.clear();
    const merged: Range[] = [];
    for (const { address, bytes } of [...blocks, ...this.#ranges].sort((a, b) => a.address - b.address)) {
      const last = merged.at(-1);
      if (last !== undefined && last.address + last.bytes === address) last.bytes += bytes;
      else merged.push({ address, bytes });
    }
    this.#ranges = merged;
    return this;
  }

  #refuse(bytes: number): never {
    throw this.#full(bytes);
  }

  #full(bytes: number): RangeError {
    const mebibytes = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`;
    return new RangeError(
      `wasm: no room for ${mebibytes(bytes)} more: ${mebibytes(this.#live)} are live and the limit is ${mebibytes(this.#limit)}; free tensors with scope or dispose, or use a smaller batch`,
    );
  }
}

/** The least (4 … 7)/4 · 2ᵏ that holds `length` bytes and is a multiple of 64. */
export function sizeClass(length: number): number {
  if (length <= 4 * ALIGNMENT) return Math.max(1, Math.ceil(length / ALIGNMENT)) * ALIGNMENT;
  const step = 2 ** (Math.ceil(Math.log2(length)) - 3);
  return Math.ceil(length / step) * step;
}

import { Doubt } from "../doubt.js";

/** Bytes of given-back buffers that are kept for later launches. */
const KEPT = 256 * 2 ** 20;

/**
 * Storage buffers by size. A buffer that is given back serves the next array of its size class; the classes are a quarter of a power
 * of two apart, so at most a fifth of a buffer lies idle.
 */
export class BufferPool {
  live = 0;
  readonly #device: GPUDevice;
  readonly #usage: number;
  readonly #idle = new Map<number, GPUBuffer[]>();
  #idleBytes = 0;

  constructor(device: GPUDevice, usage: number) {
    this.#device = device;
    this.#usage = usage;
  }

  /**
   * A buffer, and whether there was memory for it, where that is not known yet.
   * @throws RangeError for more bytes than the adapter binds.
   */
  allocate(bytes: number, operation: string): { buffer: GPUBuffer; doubts: readonly Doubt[] } {
    const size = sizeClass(bytes);
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (bytes > most)
      throw new RangeError(`gpu: ${operation} needs an array of ${bytes} bytes, but this adapter allows ${most}`);
    this.live++;
    const idle = this.#idle.get(size)?.pop();
    if (idle !== undefined) {
      this.#idleBytes -= size;
      return { buffer: idle, doubts: [] };
    }
    this.#device.pushErrorScope("out-of-memory");
    const buffer = this.#device.createBuffer({ size: Math.min(size, most), usage: this.#usage });
    const answer = this.#device.popErrorScope().catch(() => null);
    const doubt = new Doubt(async () => {
      const error = await answer;
      if (error === null) return undefined;
      return new Error(`gpu: no memory for the ${bytes} bytes of ${operation}: ${error.message}`);
    });
    return { buffer, doubts: [doubt] };
  }

  free(buffer: GPUBuffer): void {
    this.live--;
    const size = sizeClass(buffer.size);
    const idle = this.#idle.get(size);
    if (idle === undefined) this.#idle.set(size, [buffer]);
    else idle.push(buffer);
    this.#idleBytes += size;
  }

  /** Destroys what is kept beyond the bound; no recorded command may use it. */
  trim(): void {
    if (this.#idleBytes <= KEPT) return;
    for (const buffers of this.#idle.values()) for (const buffer of buffers) buffer.destroy();
    this.#idle.clear();
    this.#idleBytes = 0;
  }
}

/** The least size of a class that holds so many bytes: 4, 5, 6 or 7 eighths of a power of two. */
function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

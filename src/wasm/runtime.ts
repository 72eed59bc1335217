import type { Operand } from "../tensor/backend.js";
import { bytesPerElement, type DType, type FloatArray } from "../tensor/dtype.js";
import { size } from "../tensor/shape.js";
import { Heap, type Block } from "./heap.js";
import { kernelModule, type Kernels, type Simd } from "./module.js";
import { ThreadPool } from "./threads.js";

const PAGE = 65536;
/** Below so many multiplications one thread is faster than two, and none need be started. */
const SHARE_FROM = 100 ** 3;

type Kernel = (...parameters: number[]) => number;

/** One memory, the kernels over it, and the threads that share it: what the operations of a backend run on. */
export class Runtime {
  readonly threads: number;
  readonly heap: Heap;
  readonly pool: ThreadPool;
  /** The kernels of each dtype by their generic name. */
  readonly #kernels: Readonly<Record<DType, ReadonlyMap<string, Kernel>>>;
  #scratch: Block | undefined;

  constructor(simd: Simd, threads: number, memoryLimit: number) {
    const shared = threads > 1;
    const memory = new WebAssembly.Memory({ initial: 16, maximum: Math.floor(memoryLimit / PAGE), shared });
    const module = kernelModule(simd, shared);
    this.threads = threads;
    const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
    this.#kernels = { float32: instancesOf(kernels, "_f32"), float64: instancesOf(kernels, "_f64") };
    this.heap = new Heap(memory, memoryLimit);
    this.pool = new ThreadPool(threads, this.heap, kernels, module);
  }

  /** Calls the kernel of that name and dtype. */
  call(name: string, dtype: DType, ...parameters: number[]): number {
    const kernel = this.#kernels[dtype].get(name);
    if (kernel === undefined) throw new Error(`wasm: there is no kernel ${name}`);
    return kernel(...parameters);
  }

  /** Calls a kernel that takes the pool first; the pool takes part where the work is that many multiplications. */
  share(multiplications: number, name: string, dtype: DType, ...parameters: number[]): number {
    const result = this.call(name, dtype, multiplications < SHARE_FROM ? 0 : this.pool.address, ...parameters);
    this.pool.check(name);
    return result;
  }

  allocate(elements: number, dtype: DType): Block {
    return this.heap.allocate(elements * bytesPerElement(dtype));
  }

  /** The address of memory for kernels to work in; it holds nothing between calls. */
  scratch(bytes: number): number {
    if (this.#scratch === undefined || this.#scratch.bytes < bytes) {
      if (this.#scratch !== undefined) this.heap.release(this.#scratch);
      this.#scratch = undefined;
      this.#scratch = this.heap.allocate(bytes);
    }
    return this.#scratch.address;
  }

  /** An operand's elements, for now: growth of the memory outgrows or detaches the view. */
  view(x: Operand): FloatArray {
    return this.heap.view(x.storage as Block, x.dtype, x.offset, size(x.shape));
  }
}

/** Where an operand's first element lies. */
export function address(x: Operand): number {
  return (x.storage as Block).address + x.offset * bytesPerElement(x.dtype);
}

/** name → name_f32 of every kernel that has an instance with that ending. */
function instancesOf(kernels: Kernels, ending: string): ReadonlyMap<string, Kernel> {
  const instances = Object.entries(kernels).filter(([name]) => name.endsWith(ending));
  return new Map(instances.map(([name, kernel]) => [name.slice(0, -ending.length), kernel as Kernel]));
}

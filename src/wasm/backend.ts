import type {
  Backend,
  BinaryOperation,
  GramTerms,
  Operand,
  ReduceOperation,
  Storage,
  Transposes,
  Triangle,
  UnaryOperation,
} from "../tensor/backend.js";
import { cpu } from "../tensor/cpu/index.js";
import type { DType, FloatArray } from "../tensor/dtype.js";
import { size, type Shape } from "../tensor/shape.js";
import { MAX_BYTES, type Block } from "./heap.js";
import { canShareMemory, hasRelaxedSimd, type Simd } from "./module.js";
import * as factorizations from "./operations/factorizations.js";
import * as products from "./operations/products.js";
import { Runtime } from "./runtime.js";
import { availableThreads } from "./workers.js";

export interface WasmOptions {
  /** Threads, this one included; all that the machine has (8 at most) by default, and 1 where memory cannot be shared. */
  readonly threads?: number;
  /** Bytes of memory it may take; 4 GiB, what WebAssembly can address, by default. */
  readonly memoryLimit?: number;
  /** Which build of the kernels: the fused one where the engine has it, unless it is told otherwise. */
  readonly simd?: Simd;
}

const MAX_THREADS = 8;

/** SIMD kernels in WebAssembly over one memory, shared by worker threads. Storage is a block of that memory. */
export class WasmBackend implements Backend {
  readonly name = "wasm";
  readonly dtypes = ["float32", "float64"] as const;
  readonly views = true;
  readonly threads: number;
  readonly simd: Simd;
  readonly #memoryLimit: number;
  #running: Runtime | undefined;

  /** @throws RangeError for an option out of range; Error for a build that the engine cannot run. */
  constructor(options: WasmOptions = {}) {
    const { threads = Math.min(availableThreads(), MAX_THREADS), memoryLimit = MAX_BYTES } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > 64)
      throw new RangeError(`wasm: threads is ${threads}; it must be an integer in 1 … 64`);
    if (!(memoryLimit >= 2 ** 20 && memoryLimit <= MAX_BYTES))
      throw new RangeError(`wasm: memoryLimit is ${memoryLimit}; it must be 1 MiB … 4 GiB, in bytes`);
    if (options.simd === "relaxed" && !hasRelaxedSimd())
      throw new Error('wasm: this engine has no relaxed SIMD; leave simd out, or say "baseline"');
    this.simd = options.simd ?? (hasRelaxedSimd() ? "relaxed" : "baseline");
    this.threads = canShareMemory() ? threads : 1;
    this.#memoryLimit = memoryLimit;
  }

  /** Compiles the kernels, if nothing has needed them so far. */
  ready(): Promise<this> {
    void this.#run;
    return Promise.resolve(this);
  }

  /** Bytes in live tensors, and bytes taken from the system. */
  get memory(): { live: number; reserved: number } {
    return { live: this.#run.heap.live, reserved: this.#run.heap.reserved };
  }

  /** Ends the worker threads; the backend goes on with one. */
  stop(): void {
    this.#running?.pool.stop();
  }

  upload(values: FloatArray): Storage {
    return this.#run.heap.store(values);
  }

  read(x: Operand): Promise<FloatArray> {
    return Promise.resolve(this.readNow(x));
  }

  readNow(x: Operand): FloatArray {
    return this.#run.view(x).slice();
  }

  free(storage: Storage): void {
    this.#run.heap.release(storage as Block);
  }

  convert(x: Operand, dtype: DType): Storage {
    return this.#byHost(x, (y) => cpu().convert(y, dtype));
  }

  fill(shape: Shape, dtype: DType, value: number): Storage {
    const block = this.#run.allocate(size(shape), dtype);
    this.#run.heap.view(block, dtype, 0, size(shape)).fill(value);
    return block;
  }

  unary(operation: UnaryOperation, x: Operand): Storage {
    return this.#byHost(x, (y) => cpu().unary(operation, y));
  }

  binary(operation: BinaryOperation, a: Operand | number, b: Operand | number, shape: Shape, dtype: DType): Storage {
    return this.#hosted(cpu().binary(operation, this.#host(a), this.#host(b), shape, dtype));
  }

  where(condition: Operand, a: Operand | number, b: Operand | number, shape: Shape, dtype: DType): Storage {
    return this.#hosted(cpu().where(this.#host(condition), this.#host(a), this.#host(b), shape, dtype));
  }

  reduce(operation: ReduceOperation, x: Operand, outer: number, length: number, inner: number): Storage {
    return this.#byHost(x, (y) => cpu().reduce(operation, y, outer, length, inner));
  }

  dot(a: Operand, b: Operand): Storage {
    return this.#hosted(cpu().dot(this.#host(a), this.#host(b)));
  }

  broadcast(x: Operand, shape: Shape): Storage {
    return this.#byHost(x, (y) => cpu().broadcast(y, shape));
  }

  permute(x: Operand, axes: readonly number[]): Storage {
    return this.#byHost(x, (y) => cpu().permute(y, axes));
  }

  slice(x: Operand, starts: readonly number[], shape: Shape): Storage {
    return this.#byHost(x, (y) => cpu().slice(y, starts, shape));
  }

  concatenate(xs: readonly Operand[], axis: number, shape: Shape): Storage {
    return this.#hosted(
      cpu().concatenate(
        xs.map((x) => this.#host(x)),
        axis,
        shape,
      ),
    );
  }

  gather(x: Operand, indices: readonly number[]): Storage {
    return this.#byHost(x, (y) => cpu().gather(y, indices));
  }

  matmul(a: Operand, b: Operand, m: number, k: number, n: number, transposes: Transposes): Storage {
    return products.matmul(this.#run, a, b, m, k, n, transposes);
  }

  gram(x: Operand, terms: GramTerms<Operand>): Storage {
    return products.gram(this.#run, x, terms);
  }

  cholesky(a: Operand): Storage {
    return factorizations.cholesky(this.#run, a);
  }

  solveTriangular(l: Operand, b: Operand, triangle: Triangle): Storage {
    return factorizations.solveTriangular(this.#run, l, b, triangle);
  }

  invertSpd(a: Operand): Storage {
    return factorizations.invertSpd(this.#run, a);
  }

  symmetricEigen(a: Operand): { values: Storage; vectors: Storage } {
    const { values, vectors } = cpu().symmetricEigen(this.#host(a));
    return { values: this.#hosted(values), vectors: this.#hosted(vectors) };
  }

  /** An operand as the cpu backend sees it: the same memory. */
  #host<T extends Operand | number>(x: T): T | Operand {
    return typeof x === "number" ? x : { shape: x.shape, dtype: x.dtype, storage: this.#run.view(x), offset: 0 };
  }

  #byHost(x: Operand, run: (y: Operand) => Storage): Storage {
    return this.#hosted(run(this.#host(x)));
  }

  #hosted(storage: Storage): Storage {
    return this.#run.heap.store(storage as FloatArray);
  }

  /** Memory, kernels and threads, made when they are first needed. */
  get #run(): Runtime {
    return (this.#running ??= new Runtime(this.simd, this.threads, this.#memoryLimit));
  }
}

import type {
  Backend,
  BinaryOperation,
  Draw,
  GramTerms,
  Link,
  Operand,
  ReduceOperation,
  Storage,
  Transposes,
  Triangle,
  UnaryOperation,
} from "../tensor/backend.js";
import type { DType, FloatArray } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import { enableRelaxedSimd, enableTurbo } from "./flags.js";
import { MAX_BYTES, type Block } from "./heap.js";
import { canShareMemory, hasRelaxedSimd, type Simd } from "./module.js";
import * as crossEntropies from "./operations/crossEntropy.js";
import * as elementwise from "./operations/elementwise.js";
import * as factorizations from "./operations/factorizations.js";
import * as movement from "./operations/movement.js";
import * as products from "./operations/products.js";
import * as random from "./operations/random.js";
import * as reductions from "./operations/reductions.js";
import { Runtime } from "./runtime.js";
import { availableThreads } from "./workers.js";

export interface WasmOptions {
  /** Threads, this one included; all that the machine has (8 at most) by default, and 1 where memory cannot be shared. */
  readonly threads?: number;
  /** Bytes of memory it may take; 4 GiB, what WebAssembly can address, by default. */
  readonly memoryLimit?: number;
  /**
   * Which build of the kernels: with fused multiply-add ("relaxed") where the engine has it, "baseline" elsewhere. Node 20 has it
   * behind a flag of V8's, which "relaxed" switches on for the whole process.
   */
  readonly simd?: "relaxed" | "baseline";
  /**
   * Switches on V8's revectorisation for the whole process: 256-bit registers, in Node 24 and later. It is experimental, and therefore
   * never the default. The backend's `simd` is "turbo" where it took effect; results are those of "relaxed", bit for bit.
   */
  readonly turbo?: boolean;
}

const MAX_THREADS = 8;

/** SIMD kernels in WebAssembly over one memory, shared by worker threads. Storage is a block of that memory. */
export class WasmBackend implements Backend {
  readonly name = "wasm";
  readonly dtypes = ["float32", "float64"] as const;
  readonly views = true;
  readonly threads: number;
  /** Which build of the kernels runs. */
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
    this.simd = chooseSimd(options);
    this.threads = canShareMemory() ? threads : 1;
    this.#memoryLimit = memoryLimit;
  }

  /** Compiles the kernels, if nothing has needed them so far, and waits for workers that are starting. */
  async ready(): Promise<this> {
    await this.#run.pool.starting;
    return this;
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

  async read(x: Operand): Promise<FloatArray> {
    const values = this.readNow(x);
    await this.#run.pool.starting;
    return values;
  }

  readNow(x: Operand): FloatArray {
    return this.#run.view(x).slice();
  }

  free(storage: Storage): void {
    this.#run.heap.release(storage as Block);
  }

  convert(x: Operand, dtype: DType): Storage {
    return movement.convert(this.#run, x, dtype);
  }

  fill(shape: Shape, dtype: DType, value: number): Storage {
    return movement.fill(this.#run, shape, dtype, value);
  }

  unary(operation: UnaryOperation, x: Operand): Storage {
    return elementwise.unary(this.#run, operation, x);
  }

  binary(operation: BinaryOperation, a: Operand | number, b: Operand | number, shape: Shape, dtype: DType): Storage {
    return elementwise.binary(this.#run, operation, a, b, shape, dtype);
  }

  where(condition: Operand, a: Operand | number, b: Operand | number, shape: Shape, dtype: DType): Storage {
    return elementwise.where(this.#run, condition, a, b, shape, dtype);
  }

  reduce(operation: ReduceOperation, x: Operand, outer: number, length: number, inner: number): Storage {
    return reductions.reduce(this.#run, operation, x, outer, length, inner);
  }

  dot(a: Operand, b: Operand): Storage {
    return reductions.dot(this.#run, a, b);
  }

  softmax(x: Operand, rows: number, classes: number): Storage {
    return crossEntropies.softmax(this.#run, x, rows, classes);
  }

  crossEntropy(link: Link, z: Operand, t: Operand, rows: number, classes: number): Storage {
    return crossEntropies.crossEntropy(this.#run, link, z, t, rows, classes);
  }

  crossEntropyGradient(link: Link, z: Operand, t: Operand, g: Operand, rows: number, classes: number): Storage {
    return crossEntropies.crossEntropyGradient(this.#run, link, z, t, g, rows, classes);
  }

  uniform(draw: Draw, dtype: DType): Storage {
    return random.uniform(this.#run, draw, dtype);
  }

  broadcast(x: Operand, shape: Shape): Storage {
    return movement.broadcast(this.#run, x, shape);
  }

  permute(x: Operand, axes: readonly number[]): Storage {
    return movement.permute(this.#run, x, axes);
  }

  slice(x: Operand, starts: readonly number[], shape: Shape): Storage {
    return movement.slice(this.#run, x, starts, shape);
  }

  concatenate(xs: readonly Operand[], axis: number, shape: Shape): Storage {
    return movement.concatenate(this.#run, xs, axis, shape);
  }

  gather(x: Operand, indices: readonly number[]): Storage {
    return movement.gather(this.#run, x, indices);
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
    return factorizations.symmetricEigen(this.#run, a);
  }

  /** Memory, kernels and threads, made when they are first needed. */
  get #run(): Runtime {
    return (this.#running ??= new Runtime(this.simd, this.threads, this.#memoryLimit));
  }
}

/** @throws Error for a build that the engine cannot run. */
function chooseSimd({ simd, turbo = false }: WasmOptions): Simd {
  if (simd !== "baseline" && turbo && enableTurbo()) return "turbo";
  if (simd === "relaxed" && !enableRelaxedSimd())
    throw new Error('wasm: this engine has no relaxed SIMD; leave simd out, or say "baseline"');
  return simd ?? (hasRelaxedSimd() ? "relaxed" : "baseline");
}

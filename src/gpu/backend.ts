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
import type { DType, FloatArray } from "../tensor/dtype.js";
import { size, type Shape } from "../tensor/shape.js";
import type { Device } from "./devices/device.js";
import { open, type GpuMode } from "./devices/open.js";
import { Launcher } from "./launcher.js";
import type { Mode } from "./library.js";
import { binary, unary, where, type Broadcast } from "./operations/elementwise.js";
import { cholesky, invertSpd, solveTriangular, symmetricEigen } from "./operations/factorizations.js";
import { broadcast, gathered, joined, permute, same, slice } from "./operations/movement.js";
import { gram, matmul } from "./operations/products.js";
import { dot, reduce } from "./operations/reductions.js";
import { residentOf, type Resident } from "./resident.js";

export interface GpuOptions {
  /** How gpu.js runs the kernels; "auto": WebGPU where there is an adapter, else WebGL 2, else WebAssembly. */
  readonly mode?: GpuMode;
}

/** Tensors on a device that gpu.js drives. It has float32 alone. */
export class GpuBackend implements Backend {
  readonly name = "gpu";
  readonly dtypes: readonly DType[] = ["float32"];
  readonly views = false;
  /** The mode that was asked for. */
  readonly requested: GpuMode;
  #opening: Promise<Device> | undefined;
  #run: Launcher | undefined;

  /** @internal Use `gpu`. */
  constructor({ mode = "auto" }: GpuOptions = {}) {
    this.requested = mode;
  }

  /**
   * Loads gpu.js and opens the device.
   * @throws Error that says what is missing (gpu.js, the webgpu package, a driver, a browser's flag) and how to get it.
   */
  async ready(): Promise<this> {
    this.#opening ??= open(this.requested);
    try {
      this.#run ??= new Launcher(await this.#opening);
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
    return this;
  }

  /** The mode that is really used. */
  get mode(): Mode {
    return this.#launcher.device.mode;
  }

  /** What it runs on, as the driver calls it. */
  get adapter(): string {
    return this.#launcher.device.adapter;
  }

  /** Kernels launched so far. */
  get launches(): number {
    return this.#launcher.device.launches;
  }

  /** Arrays on the device that are in use. */
  get liveBuffers(): number {
    return this.#launcher.device.live;
  }

  /** Gives the device up: its tensors are lost, and reading them says so. */
  dispose(): void {
    this.#run?.device.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  upload(values: FloatArray): Storage {
    return this.#launcher.upload(values as Float32Array);
  }

  async read(x: Operand): Promise<FloatArray> {
    const { elements, doubts } = this.#launcher.stored(residentOf(x));
    const [reading, ...answers] = await Promise.allSettled([
      elements === undefined ? new Float32Array(0) : this.#launcher.device.read(elements, size(x.shape)),
      ...doubts.map((doubt) => doubt.ask()),
    ]);
    // The cause comes before what it led to.
    for (const answer of answers) if (answer.status === "fulfilled" && answer.value !== undefined) throw answer.value;
    for (const outcome of [reading, ...answers]) if (outcome.status === "rejected") throw outcome.reason;
    return (reading as PromiseFulfilledResult<Float32Array>).value;
  }

  convert(x: Operand): Storage {
    return same(this.#launcher, residentOf(x));
  }

  free(storage: Storage): void {
    this.#run?.free(storage as Resident);
  }

  fill(shape: Shape, _dtype: DType, value: number): Storage {
    return this.#launcher.fill(shape, value);
  }

  unary(operation: UnaryOperation, x: Operand): Storage {
    return unary(this.#launcher, operation, residentOf(x));
  }

  binary(operation: BinaryOperation, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return binary(this.#launcher, operation, operandOf(a), operandOf(b), shape);
  }

  where(condition: Operand, a: Operand | number, b: Operand | number, shape: Shape): Storage {
    return where(this.#launcher, operandOf(condition), operandOf(a), operandOf(b), shape);
  }

  reduce(operation: ReduceOperation, x: Operand, outer: number, length: number, inner: number): Storage {
    return reduce(this.#launcher, operation, residentOf(x), outer, length, inner);
  }

  dot(a: Operand, b: Operand): Storage {
    return dot(this.#launcher, residentOf(a), residentOf(b), size(a.shape));
  }

  broadcast(x: Operand, shape: Shape): Storage {
    return broadcast(this.#launcher, residentOf(x), x.shape, shape);
  }

  permute(x: Operand, axes: readonly number[]): Storage {
    return permute(this.#launcher, residentOf(x), x.shape, axes);
  }

  slice(x: Operand, starts: readonly number[], shape: Shape): Storage {
    return slice(this.#launcher, residentOf(x), x.shape, starts, shape);
  }

  concatenate(xs: readonly Operand[], axis: number, shape: Shape): Storage {
    const full = xs.filter((x) => size(x.shape) > 0);
    if (full.length === 0) return this.#launcher.upload(new Float32Array(0));
    const inner = size(shape.slice(axis + 1));
    return joined(
      this.#launcher,
      full.map(residentOf),
      size(shape.slice(0, axis)),
      full.map((x) => x.shape[axis] * inner),
    );
  }

  gather(x: Operand, indices: readonly number[]): Storage {
    return gathered(this.#launcher, residentOf(x), indices, size(x.shape.slice(1)));
  }

  matmul(a: Operand, b: Operand, m: number, k: number, n: number, transposes: Transposes): Storage {
    return matmul(this.#launcher, residentOf(a), residentOf(b), m, k, n, transposes);
  }

  gram(x: Operand, { y, c, weight = 1, beta = 0 }: GramTerms<Operand>): Storage {
    const [rows, p] = x.shape;
    const [, q] = (y ?? x).shape;
    const other = y === undefined || y.storage === x.storage ? undefined : residentOf(y);
    return gram(this.#launcher, residentOf(x), other, c && residentOf(c), { rows, p, q, weight, beta });
  }

  cholesky(a: Operand): Storage {
    return cholesky(this.#launcher, residentOf(a), a.shape[0]);
  }

  solveTriangular(l: Operand, b: Operand, triangle: Triangle): Storage {
    return solveTriangular(this.#launcher, residentOf(l), residentOf(b), b.shape[0], b.shape[1], triangle);
  }

  invertSpd(a: Operand): Storage {
    return invertSpd(this.#launcher, residentOf(a), a.shape[0]);
  }

  symmetricEigen(a: Operand): { values: Storage; vectors: Storage } {
    return symmetricEigen(this.#launcher, residentOf(a), a.shape[0]);
  }

  get #launcher(): Launcher {
    if (this.#run === undefined)
      throw new Error("gpu: the device is not open; await backend.ready() before the first tensor on it");
    return this.#run;
  }
}

function operandOf(x: Operand | number): Broadcast {
  return typeof x === "number" ? { value: x, shape: [] } : { value: residentOf(x), shape: x.shape };
}

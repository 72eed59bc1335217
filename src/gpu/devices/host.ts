import type { Gpu, Kernel, Library } from "../library.js";
import { settings, sourceOf, typesOf, type Program } from "../program.js";
import type { Device, Elements } from "./device.js";

/** The modes that compute on the CPU: JavaScript ("cpu") and WebAssembly ("webasm"). Elements are Float32Arrays. */
export class HostDevice implements Device {
  readonly mode: "cpu" | "webasm";
  readonly adapter: string;
  readonly pending = false;
  launches = 0;
  live = 0;
  readonly #library: Library;
  readonly #gpu: Gpu;
  readonly #kernels = new Map<string, Kernel>();

  constructor(library: Library, mode: "cpu" | "webasm") {
    this.mode = mode;
    this.adapter = mode === "cpu" ? "the CPU, in JavaScript" : "the CPU, in WebAssembly";
    this.#library = library;
    this.#gpu = new library.GPU({ mode });
  }

  upload(values: Float32Array): Elements {
    this.live++;
    return values.slice();
  }

  launch(program: Program, args: readonly (Elements | number)[], output: readonly number[]): Elements {
    this.launches++;
    this.live++;
    const kernel = this.#kernel(program, output);
    kernel.setOutput(output);
    const result = kernel(
      ...args.map((x) => (x instanceof Float32Array ? this.#library.input(x, [Math.max(x.length, 1)]) : x)),
    );
    // gpu.js falls back to JavaScript with a word on the console only.
    if (kernel.kernel.constructor.mode !== this.mode)
      throw new Error(`gpu: kernel ${program.name} does not compile in mode ${this.mode}; use mode "cpu"`);
    return flat(
      result,
      output.reduce((product, length) => product * length, 1),
    );
  }

  read(elements: Elements, length: number): Promise<Float32Array> {
    return Promise.resolve(this.readNow(elements, length));
  }

  readNow(elements: Elements, length: number): Float32Array {
    return (elements as Float32Array).slice(0, length);
  }

  onHost(x: Elements, lengths: readonly number[], compute: (x: Float32Array) => Float32Array[]): Elements[] {
    this.live += lengths.length;
    return compute(x as Float32Array);
  }

  free(): void {
    this.live--;
  }

  destroy(): void {
    void this.#gpu.destroy();
  }

  #kernel(program: Program, output: readonly number[]): Kernel {
    let kernel = this.#kernels.get(program.name);
    if (kernel === undefined) {
      kernel = this.#gpu.createKernel(sourceOf(program), { ...settings, output, argumentTypes: typesOf(program) });
      this.#kernels.set(program.name, kernel);
    }
    return kernel;
  }
}

/** gpu.js's nested rows as one array: without a copy where they are windows on one. */
function flat(result: unknown, length: number): Float32Array {
  const rows: Float32Array[] = [];
  collect(result, rows);
  if (rows[0].length === length) return rows[0];
  if (rows[0].buffer.byteLength === 4 * length) return new Float32Array(rows[0].buffer);
  const all = new Float32Array(length);
  rows.forEach((row, i) => {
    all.set(row, i * row.length);
  });
  return all;
}

function collect(result: unknown, rows: Float32Array[]): void {
  if (result instanceof Float32Array) rows.push(result);
  else for (const part of result as unknown[]) collect(part, rows);
}

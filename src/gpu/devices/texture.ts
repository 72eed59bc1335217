import type { Gpu, Kernel, Library, Texture } from "../library.js";
import { settings, sourceOf, typesOf, type Program } from "../program.js";
import type { Device, Elements } from "./device.js";

const identity: Program = {
  name: "upload",
  rank: 1,
  parameters: { a: "array" },
  body: "return a[this.thread.x];",
};

/** WebGL 2: results stay on the card as textures. */
export class TextureDevice implements Device {
  readonly mode = "webgl2";
  readonly adapter: string;
  readonly pending = false;
  launches = 0;
  live = 0;
  readonly #library: Library;
  readonly #gpu: Gpu;
  readonly #kernels = new Map<string, Kernel>();

  /** @throws Error where there is no WebGL 2. */
  constructor(library: Library) {
    if (!library.GPU.isWebGL2Supported)
      throw new Error("gpu: there is no WebGL 2 here; it needs a browser with it, or choose mode webasm");
    this.#library = library;
    this.#gpu = new library.GPU({ mode: "webgl2" });
    this.adapter = rendererName();
  }

  upload(values: Float32Array): Elements {
    return this.#run(identity, [this.#library.input(values.slice(), [values.length])], [values.length], "Input");
  }

  launch(program: Program, args: readonly (Elements | number)[], output: readonly number[]): Elements {
    this.launches++;
    return this.#run(
      program,
      args,
      output,
      (args.find((x) => typeof x !== "number") as { type?: string } | undefined)?.type ?? "Input",
    );
  }

  read(elements: Elements): Promise<Float32Array> {
    return Promise.resolve(this.readNow(elements));
  }

  readNow(elements: Elements): Float32Array {
    const rows: Float32Array[] = [];
    collect((elements as Texture).toArray(), rows);
    const all = new Float32Array(rows.reduce((total, row) => total + row.length, 0));
    let at = 0;
    for (const row of rows) {
      all.set(row, at);
      at += row.length;
    }
    return all;
  }

  onHost(x: Elements, _lengths: readonly number[], compute: (x: Float32Array) => Float32Array[]): Elements[] {
    return compute(this.readNow(x)).map((values) => this.upload(values));
  }

  free(elements: Elements): void {
    this.live--;
    (elements as Texture).delete();
  }

  destroy(): void {
    void this.#gpu.destroy();
  }

  #run(program: Program, args: readonly unknown[], output: readonly number[], arrays: string): Elements {
    this.live++;
    const key = `${program.name} ${output.length}`;
    let kernel = this.#kernels.get(key);
    if (kernel === undefined) {
      kernel = this.#gpu.createKernel(sourceOf(program), {
        ...settings,
        output,
        argumentTypes: typesOf(program).map((type) => (type === "Input" ? arrays : type)),
        pipeline: true,
        immutable: true,
      });
      this.#kernels.set(key, kernel);
    }
    kernel.setOutput(output);
    return kernel(...args) as Elements;
  }
}

function rendererName(): string {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  return String(gl?.getParameter(gl.RENDERER) ?? "WebGL 2");
}

function collect(result: unknown, rows: Float32Array[]): void {
  if (result instanceof Float32Array) rows.push(result);
  else for (const part of result as unknown[]) collect(part, rows);
}

import { Doubt } from "../doubt.js";
import type { Gpu, Library, Translation } from "../library.js";
import { settings, sourceOf, typesOf, type Program, type Tile } from "../program.js";

/** A kernel as WebGPU runs it, and where its parameters stand in the uniform buffer. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly translation: Translation;
  /** Whether it compiled. */
  readonly doubt: Doubt;
}

/** GPUShaderStage.COMPUTE, which Node's globals lack. */
const COMPUTE = 4;

/** The kernels of one device: gpu.js translates them, WebGPU compiles them. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #adapter: string;
  readonly #gpu: Gpu;
  readonly #compiled = new Map<string, Pipeline>();

  constructor(library: Library, device: GPUDevice, adapter: string) {
    this.#device = device;
    this.#adapter = adapter;
    this.#gpu = new library.GPU({ mode: "cpu" });
    this.#gpu.Kernel = translatorOf(library);
  }

  /** Compiled at its first use. */
  of(program: Program, output: readonly number[]): Pipeline {
    let found = this.#compiled.get(program.name);
    if (found === undefined) {
      found = this.#compile(program, output);
      this.#compiled.set(program.name, found);
    }
    return found;
  }

  destroy(): void {
    void this.#gpu.destroy();
  }

  #compile(program: Program, output: readonly number[]): Pipeline {
    const types = typesOf(program);
    const kernel = this.#gpu.createKernel(sourceOf(program), { ...settings, output, argumentTypes: types });
    const translation = kernel.kernel as unknown as Translation & { tile: Tile | undefined };
    translation.tile = program.tile;
    void translation.build(...types.map((type) => (type === "Input" ? PLACEHOLDER : 1)));
    const arrays = types.filter((type) => type === "Input").length;
    const device = this.#device;
    const layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: "uniform", hasDynamicOffset: true } },
        ...Array.from({ length: arrays + 1 }, (_, i) => ({
          binding: 1 + i,
          visibility: COMPUTE,
          buffer: { type: i < arrays ? ("read-only-storage" as const) : ("storage" as const) },
        })),
      ],
    });
    device.pushErrorScope("validation");
    const pipeline = device.createComputePipeline({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ code: translation.compiledSource }), entryPoint: "main" },
    });
    // A device that is lost answers at the reads.
    const answer = device.popErrorScope().catch(() => null);
    const doubt = new Doubt(async () => {
      const error = await answer;
      if (error === null) return undefined;
      return new Error(`gpu: kernel ${program.name} does not compile on ${this.#adapter}: ${error.message}`);
    });
    void doubt.ask();
    return { pipeline, layout, translation, doubt };
  }
}

/** gpu.js's workgroups for outputs of several axes, and ours: as few as are needed for rows of two million. */
const SQUARE = "@workgroup_size(8, 8, 1)";
const WIDE = [32, 8, 1];

/** An argument to translate with: only that it is an array counts. */
const PLACEHOLDER = { size: [1], value: new Float32Array(1) };

/** gpu.js's WebGPU kernel as a translator alone: it opens no device, and a program's tile takes the place of the body it translated. */
function translatorOf({ WebGPUKernel }: Library): unknown {
  return class Translator extends WebGPUKernel {
    declare tile: Tile | undefined;

    override assembleWGSL(): string {
      const translated = super.assembleWGSL();
      if (this.tile === undefined) {
        if (!translated.includes(SQUARE)) return translated;
        this.workgroupSize = [...WIDE];
        return translated.replace(SQUARE, `@workgroup_size(${WIDE.join(", ")})`);
      }
      this.workgroupSize = [...this.tile.cells];
      return translated.slice(0, translated.indexOf("var<private> threadGid")) + this.tile.wgsl;
    }

    _buildAsync(): Promise<void> {
      this.built = true;
      return Promise.resolve();
    }
  };
}

import type { Doubt } from "../doubt.js";
import type { Library, Translation } from "../library.js";
import type { Program } from "../program.js";
import { BufferPool } from "./bufferPool.js";
import type { Device, Elements } from "./device.js";
import { Pipelines, type Pipeline } from "./pipelines.js";
import { provideWebGpu } from "./webgpuInNode.js";

/** An array on the device. */
interface ArrayOnDevice {
  readonly buffer: GPUBuffer;
  readonly length: number;
  readonly doubts: readonly Doubt[];
}

/** Bytes between the parameters of launches in one uniform buffer: what fused kernels need at most is below twice WebGPU's alignment of 256. */
const SLOT = 512;
/** Launches that are submitted together, at most. */
const BATCH = 256;
/** GPUBufferUsage, which Node's globals lack. */
const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
const MAP_READ = 1;

/** @throws Error where there is no WebGPU, or no adapter. */
export async function openWebGpu(library: Library): Promise<Device> {
  const api = await provideWebGpu();
  const adapter = await api.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    throw new Error(
      "gpu: WebGPU finds no adapter; in Node install a Vulkan driver (libvulkan1 and, without a card, mesa-vulkan-drivers 25), " +
        "in Chromium use --enable-unsafe-webgpu, or choose another mode",
    );
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  const { vendor, architecture, device: model, description } = adapter.info;
  return new WebGpuDevice(library, device, description || [vendor, architecture, model].filter(Boolean).join(" "));
}

/**
 * gpu.js translates the kernels; launches are recorded into one command buffer and submitted together, when something is read or
 * enough of them wait. Arrays that are given back serve later launches: commands run in their order.
 */
class WebGpuDevice implements Device {
  readonly mode = "webgpu";
  readonly adapter: string;
  readonly pending = true;
  launches = 0;
  readonly #device: GPUDevice;
  readonly #pool: BufferPool;
  readonly #pipelines: Pipelines;
  /** The parameters of the recorded launches, and where the next one's go. */
  readonly #parameters: GPUBuffer;
  readonly #mirror = new ArrayBuffer(SLOT * BATCH);
  #recorded = 0;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  /** What the host is computing; later commands wait for it. */
  #trip: Promise<void> | undefined;
  #reads: { array: ArrayOnDevice; resolve: (values: Float32Array) => void; reject: (error: unknown) => void }[] = [];
  /** What the driver reported out of turn; the next read reports it. */
  #failure: Error | undefined;
  #lost: Error | undefined;

  constructor(library: Library, device: GPUDevice, adapter: string) {
    this.adapter = adapter;
    this.#device = device;
    this.#pipelines = new Pipelines(library, device, adapter);
    this.#pool = new BufferPool(device, USAGE.storage | USAGE.copySource | USAGE.copyTarget);
    this.#parameters = device.createBuffer({ size: SLOT * BATCH, usage: USAGE.uniform | USAGE.copyTarget });
    void device.lost.then(({ message, reason }) => {
      this.#lost = new Error(
        `gpu: the device was lost (${reason}: ${message}); move what you keep to another backend, or open the device again`,
      );
    });
    device.onuncapturederror = ({ error }) => {
      this.#failure ??= new Error(`gpu: ${error.message}`);
    };
  }

  get live(): number {
    return this.#pool.live;
  }

  upload(values: Float32Array): Elements {
    const array = this.#allocate(values.length, "an upload");
    const copy = values.slice();
    this.#inOrder(() => {
      this.#submit();
      this.#device.queue.writeBuffer(array.buffer, 0, copy);
    });
    return array;
  }

  launch(program: Program, args: readonly (Elements | number)[], output: readonly number[]): Elements {
    this.launches++;
    const pipeline = this.#pipelines.of(program, output);
    const groups = this.#groups(program, pipeline.translation, output);
    const length = output.reduce((product, each) => product * each, 1);
    const result = this.#allocate(length, program.name, [pipeline.doubt]);
    this.#inOrder(() => {
      if (pipeline.doubt.settled) this.#record(pipeline, args, output, groups, result);
      else this.#tryOut(pipeline, args, output, groups, result);
    });
    return result;
  }

  doubtsOf(elements: Elements): readonly Doubt[] {
    return (elements as ArrayOnDevice).doubts;
  }

  async read(elements: Elements, length: number): Promise<Float32Array> {
    const values = await new Promise<Float32Array>((resolve, reject) => {
      this.#reads.push({ array: { ...(elements as ArrayOnDevice), length }, resolve, reject });
      // All that is asked for before anyone waits comes back in one buffer.
      if (this.#reads.length === 1)
        queueMicrotask(() => {
          this.#inOrder(() => void this.#readAll());
        });
    });
    return values;
  }

  onHost(x: Elements, lengths: readonly number[], compute: (x: Float32Array) => Float32Array[]): Elements[] {
    const results = lengths.map((length) => this.#allocate(length, "onHost"));
    // What is asked of the device from now on waits for this, the freeing of the operand too.
    const before = this.#trip ?? Promise.resolve();
    const trip: Promise<void> = before
      .then(() => this.#fetch([x as ArrayOnDevice]))
      .then(([values]) => {
        compute(values).forEach((found, i) => {
          this.#device.queue.writeBuffer(results[i].buffer, 0, found);
        });
      })
      .catch((error: unknown) => {
        this.#failure ??= error as Error;
      })
      .then(() => {
        if (this.#trip === trip) this.#trip = undefined;
      });
    this.#trip = trip;
    return results;
  }

  free(elements: Elements): void {
    const { buffer } = elements as ArrayOnDevice;
    this.#inOrder(() => {
      this.#pool.free(buffer);
    });
  }

  destroy(): void {
    this.#device.destroy();
    this.#pipelines.destroy();
  }

  #allocate(length: number, operation: string, doubts: readonly Doubt[] = []): ArrayOnDevice {
    const allocated = this.#pool.allocate(4 * length, operation);
    return {
      buffer: allocated.buffer,
      length,
      doubts: [...doubts, ...allocated.doubts].filter(({ settled }) => !settled),
    };
  }

  /** Now, or after what the host computes. */
  #inOrder(command: () => void): void {
    if (this.#trip === undefined) command();
    else {
      const trip: Promise<void> = this.#trip.then(command).then(() => {
        if (this.#trip === trip) this.#trip = undefined;
      });
      this.#trip = trip;
    }
  }

  /** How many workgroups cover an output. A line longer than one row of them is folded, as gpu.js's kernels expect. */
  #groups({ name, rank }: Program, { workgroupSize }: Translation, output: readonly number[]): number[] {
    const [x, y = 1, z = 1] = output;
    const groups = [x, y, z].map((length, axis) => Math.ceil(length / workgroupSize[axis]));
    const most = this.#device.limits.maxComputeWorkgroupsPerDimension;
    if (rank === 1 && groups[0] > most) {
      groups[1] = Math.ceil(groups[0] / most);
      groups[0] = Math.ceil(groups[0] / groups[1]);
    }
    if (groups.some((count) => count > most))
      throw new RangeError(`gpu: ${name} of an output [${output.join(", ")}] needs more than ${most} workgroups`);
    return groups;
  }

  /** A launch of a kernel that may not have compiled: in a command buffer of its own, since a broken kernel spoils all that is in it. */
  #tryOut(
    pipeline: Pipeline,
    args: readonly (Elements | number)[],
    output: readonly number[],
    groups: readonly number[],
    result: ArrayOnDevice,
  ): void {
    this.#submit();
    this.#device.pushErrorScope("validation");
    this.#record(pipeline, args, output, groups, result);
    this.#submit();
    // The pipeline's doubt says what is wrong, and why.
    void this.#device.popErrorScope().catch(() => null);
  }

  #record(
    { pipeline, layout, translation }: Pipeline,
    args: readonly (Elements | number)[],
    output: readonly number[],
    groups: readonly number[],
    result: ArrayOnDevice,
  ): void {
    if (this.#recorded === BATCH) this.#submit();
    const offset = SLOT * this.#recorded++;
    this.#writeParameters(translation, args, output, groups[0] * translation.workgroupSize[0], offset);
    const size = translation.paramsLayout.byteLength;
    const arrays = args.filter((x): x is ArrayOnDevice => typeof x !== "number");
    this.#encoder ??= this.#device.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    this.#pass.setPipeline(pipeline);
    this.#pass.setBindGroup(
      0,
      this.#device.createBindGroup({
        layout,
        entries: [
          { binding: 0, resource: { buffer: this.#parameters, size } },
          ...[...arrays, result].map(({ buffer }, i) => ({ binding: 1 + i, resource: { buffer } })),
        ],
      }),
      [offset],
    );
    this.#pass.dispatchWorkgroups(groups[0], groups[1], groups[2]);
  }

  /** The uniform struct that gpu.js declares: the output's sizes, the threads in a row of workgroups, the arrays' lengths, the scalars. */
  #writeParameters(
    { paramsLayout }: Translation,
    args: readonly (Elements | number)[],
    [x, y = 1, z = 1]: readonly number[],
    width: number,
    offset: number,
  ): void {
    const integers = new Uint32Array(this.#mirror, offset, SLOT / 4);
    const numbers = new Float32Array(this.#mirror, offset, SLOT / 4);
    integers.set([x, y, z, width]);
    for (const { index, dimsOffset } of paramsLayout.arrayArgs) {
      const { length } = args[index] as ArrayOnDevice;
      integers.set([length, 1, 1, length], dimsOffset / 4);
    }
    for (const { index, offset: place, type } of paramsLayout.scalarArgs) {
      if (type === "Integer") integers[place / 4] = args[index] as number;
      else numbers[place / 4] = args[index] as number;
    }
  }

  #submit(): void {
    if (this.#encoder === undefined) return;
    this.#pass?.end();
    this.#device.queue.writeBuffer(this.#parameters, 0, this.#mirror, 0, SLOT * this.#recorded);
    this.#device.queue.submit([this.#encoder.finish()]);
    this.#encoder = this.#pass = undefined;
    this.#recorded = 0;
    this.#pool.trim();
  }

  async #readAll(): Promise<void> {
    const reads = this.#reads;
    this.#reads = [];
    try {
      const values = await this.#fetch(reads.map(({ array }) => array));
      reads.forEach(({ resolve }, i) => {
        resolve(values[i]);
      });
    } catch (error) {
      for (const { reject } of reads) reject(error);
    }
  }

  /** Copies arrays to the host in one buffer. @throws Error where anything launched so far failed. */
  async #fetch(arrays: readonly ArrayOnDevice[]): Promise<Float32Array[]> {
    const starts: number[] = [];
    let bytes = 0;
    for (const { length } of arrays) {
      starts.push(bytes);
      bytes += 4 * length;
    }
    this.#submit();
    const staging = this.#device.createBuffer({ size: Math.max(bytes, 4), usage: USAGE.mapRead | USAGE.copyTarget });
    try {
      const encoder = this.#device.createCommandEncoder();
      arrays.forEach(({ buffer, length }, i) => {
        encoder.copyBufferToBuffer(buffer, 0, staging, starts[i], 4 * length);
      });
      this.#device.queue.submit([encoder.finish()]);
      await staging.mapAsync(MAP_READ).catch((error: unknown) => {
        throw this.#lost ?? new Error(`gpu: reading ${bytes} bytes back failed: ${(error as Error).message}`);
      });
      const failure = this.#lost ?? this.#failure;
      this.#failure = undefined;
      if (failure !== undefined) throw failure;
      const range = staging.getMappedRange();
      return arrays.map(({ length }, i) => new Float32Array(range, starts[i], length).slice());
    } finally {
      staging.destroy();
    }
  }
}

import { size, type Shape } from "../tensor/shape.js";
import type { Device, Elements } from "./devices/device.js";
import type { Doubt } from "./doubt.js";
import { alongAxes, fused, type Fusion } from "./fusion.js";
import type { ElementwiseFunction } from "./operations/functions.js";
import { take } from "./operations/take.js";
import type { Program } from "./program.js";
import { isResident, Resident, type Argument, type Deferred, type Stored, type View } from "./resident.js";
import { isLine, positions, type Walk } from "./strides.js";

/** Arrays that a kernel may read: WebGPU promises eight storage buffers to a shader, and one is the result's. */
export const MOST_ARRAYS = 7;
/** Elementwise functions that become one kernel, so that none takes long to compile. */
const MOST_FUNCTIONS = 16;

/** Launches kernels on resident arrays: what is in doubt of an operand is in doubt of the result. */
export class Launcher {
  readonly device: Device;
  /** Frees what was dropped without being disposed of. */
  readonly #net = new FinalizationRegistry((elements: Elements) => {
    this.device.free(elements);
  });
  #empty: Elements | undefined;

  constructor(device: Device) {
    this.device = device;
  }

  /** Output sizes are x, y, z. Where there is nothing to compute nothing is launched. */
  launch(program: Program, args: readonly Argument[], output: readonly number[]): Resident {
    return this.#kept(new Resident(size(output), this.#launched(program, args, output)));
  }

  upload(values: Float32Array): Resident {
    return values.length === 0 ? empty() : this.adopt(this.device.upload(values), values.length, []);
  }

  /** Elements of the device as a resident array, the only one on them. */
  adopt(elements: Elements, length: number, doubts: readonly Doubt[]): Resident {
    return this.#kept(new Resident(length, { kind: "stored", elements, doubts }));
  }

  /** One number everywhere, as the float32 that is nearest to it. */
  fill(shape: Shape, value: number): Resident {
    const length = size(shape);
    return length === 0 ? empty() : new Resident(length, { kind: "constant", value: Math.fround(value) });
  }

  /** An elementwise function of arrays of `length` and of numbers, to be computed once it is needed. */
  defer(compute: ElementwiseFunction, operands: readonly Argument[], length: number): Resident {
    if (length === 0) return empty();
    const parts = operands.map((x) => (isResident(x) && x.source.kind === "constant" ? x.source.value : x));
    const arrays = parts.filter(isResident);
    while (!fitOneKernel(arrays)) this.stored(largest(arrays));
    return this.#holding(arrays, length, {
      kind: "deferred",
      compute,
      operands: parts,
      leaves: Math.max(total(arrays, leaves), 1),
      functions: total(arrays, functions) + 1,
    });
  }

  /** Elements of a stored array in another order. */
  view(of: Resident, walk: Walk): Resident {
    const length = size(walk.shape);
    return length === 0 ? empty() : this.#holding([of], length, { kind: "view", of, walk });
  }

  /** The array with its elements at the start of what is returned; they are computed now where they never were. */
  stored(x: Resident): Stored {
    const { source } = x;
    if (source.kind === "stored") return source;
    if (source.kind === "view" && isLine(source.walk)) return this.stored(source.of);
    const result = source.kind === "view" && source.walk.shape.length > 3 ? this.#taken(source) : this.#fused(x);
    x.source = result;
    this.#kept(x);
    for (const operand of operandsOf(source)) this.free(operand);
    return result;
  }

  /** Gives an array up; its elements stay while another array needs them. */
  free(x: Resident): void {
    if (--x.holders > 0) return;
    const { source } = x;
    if (source.kind === "stored" && source.elements !== undefined) {
      this.#net.unregister(x);
      this.device.free(source.elements);
    }
    for (const operand of operandsOf(source)) this.free(operand);
  }

  /** The launch's result, after which the operands that were made only for it are freed. */
  consuming<R>(temporaries: readonly Resident[], launch: () => R): R {
    const result = launch();
    for (const temporary of temporaries) this.free(temporary);
    return result;
  }

  /** x as a function of the position along given axes, for a kernel that reads it so; x is computed first where it is none. */
  along(axes: readonly number[], x: Resident): Fusion {
    return alongAxes(axes, x, (each) => this.stored(each));
  }

  #launched(program: Program, args: readonly Argument[], output: readonly number[]): Stored {
    const operands = args.map((x) => (isResident(x) ? this.stored(x) : x));
    const doubts = unsettled(operands.filter((x) => typeof x !== "number"));
    if (size(output) === 0) return { kind: "stored", elements: undefined, doubts };
    const handles = operands.map((x) => (typeof x === "number" ? x : (x.elements ?? this.#nothing())));
    const elements = this.device.launch(program, handles, output);
    return { kind: "stored", elements, doubts: [...doubts, ...(this.device.doubtsOf?.(elements) ?? [])] };
  }

  /** Deferred elements in one launch, which computes what they are computed from as it goes. */
  #fused(x: Resident): Stored {
    const { program, args, output } = fused(x, (each) => this.stored(each));
    return this.#launched(program, args, output);
  }

  /** A view of more axes than kernels have, by the positions of its elements. */
  #taken({ of, walk }: View): Stored {
    const indices = this.upload(positions(walk));
    return this.consuming([indices], () => this.#launched(take, [of, indices], [size(walk.shape)]));
  }

  #holding(operands: readonly Resident[], length: number, source: View | Deferred): Resident {
    for (const operand of operands) operand.holders++;
    return new Resident(length, source);
  }

  #kept(x: Resident): Resident {
    if (x.source.kind === "stored" && x.source.elements !== undefined) this.#net.register(x, x.source.elements, x);
    return x;
  }

  /** What stands in for an array without elements: a kernel must be given one. */
  #nothing(): Elements {
    return (this.#empty ??= this.device.upload(new Float32Array(1)));
  }
}

export function unsettled(operands: readonly Stored[]): readonly Doubt[] {
  const all = operands.flatMap(({ doubts }) => doubts).filter(({ settled }) => !settled);
  return all.length < 2 ? all : [...new Set(all)];
}

function empty(): Resident {
  return new Resident(0, { kind: "stored", elements: undefined, doubts: [] });
}

/** Whether a kernel may take in all of them, besides a function of its own. */
export function fitOneKernel(operands: readonly Resident[]): boolean {
  return total(operands, leaves) <= MOST_ARRAYS && total(operands, functions) < MOST_FUNCTIONS;
}

function total(operands: readonly Resident[], count: (x: Resident) => number): number {
  return operands.reduce((sum, x) => sum + count(x), 0);
}

/** Arrays that a kernel that takes x in reads, at most. */
function leaves({ source }: Resident): number {
  return source.kind === "deferred" ? source.leaves : Number(source.kind !== "constant");
}

/** Elementwise functions that it computes, at most. */
function functions({ source }: Resident): number {
  return source.kind === "deferred" ? source.functions : 0;
}

function largest(operands: readonly Resident[]): Resident {
  return operands.reduce((a, b) => (functions(b) > functions(a) ? b : a));
}

function operandsOf(source: Resident["source"]): readonly Resident[] {
  if (source.kind === "view") return [source.of];
  return source.kind === "deferred" ? source.operands.filter(isResident) : [];
}

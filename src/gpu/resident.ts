import type { Operand } from "../tensor/backend.js";
import { size } from "../tensor/shape.js";
import type { Device, Elements } from "./devices/device.js";
import type { Doubt } from "./doubt.js";
import type { Program } from "./program.js";

/** What this backend keeps a tensor in: elements on the device (none, where there are none), and what is not known of them yet. */
export interface Resident {
  readonly elements: Elements | undefined;
  readonly doubts: readonly Doubt[];
}

/** An operand of a launch. */
export type Argument = Resident | number;

export function residentOf(x: Operand): Resident {
  return x.storage as Resident;
}

/** Launches kernels on resident arrays: what is in doubt of an operand is in doubt of the result. */
export class Launcher {
  readonly device: Device;

  constructor(device: Device) {
    this.device = device;
  }

  /** Output sizes are x, y, z. Where there is nothing to compute nothing is launched. */
  launch(program: Program, args: readonly Argument[], output: readonly number[]): Resident {
    const operands = args.filter((x): x is Resident => typeof x !== "number");
    const doubts = unsettled(operands);
    if (size(output) === 0) return { elements: undefined, doubts };
    const handles = args.map((x) => (typeof x === "number" ? x : (x.elements ?? this.#nothing())));
    const elements = this.device.launch(program, handles, output);
    return { elements, doubts: [...doubts, ...(this.device.doubtsOf?.(elements) ?? [])] };
  }

  upload(values: Float32Array): Resident {
    return { elements: values.length === 0 ? undefined : this.device.upload(values), doubts: [] };
  }

  free({ elements }: Resident): void {
    if (elements !== undefined) this.device.free(elements);
  }

  /** The launch's result, after which the operands that were made only for it are freed. */
  consuming<R>(temporaries: readonly Resident[], launch: () => R): R {
    const result = launch();
    for (const temporary of temporaries) this.free(temporary);
    return result;
  }

  /** What stands in for an array without elements: a kernel must be given one. */
  #nothing(): Elements {
    return (this.#empty ??= this.device.upload(new Float32Array(1)));
  }
  #empty: Elements | undefined;
}

export function unsettled(operands: readonly Resident[]): readonly Doubt[] {
  const all = operands.flatMap(({ doubts }) => doubts).filter(({ settled }) => !settled);
  return all.length < 2 ? all : [...new Set(all)];
}

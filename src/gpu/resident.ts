import type { Operand } from "../tensor/backend.js";
import { size } from "../tensor/shape.js";
import type { Device, Elements } from "./devices/device.js";
import type { Doubt } from "./doubt.js";
import type { Program } from "./program.js";

/** What this backend keeps a tensor in: elements on the device (none, where there are none), and what is not known of them yet. */
export interface Resident {
  readonly elements: Elements | undefined;
  doubts: readonly Doubt[];
}

/** An operand of a launch. */
export type Argument = Resident | number;

export function residentOf(x: Operand): Resident {
  return x.storage as Resident;
}

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
    const operands = args.filter((x): x is Resident => typeof x !== "number");
    const doubts = unsettled(operands);
    if (size(output) === 0) return { elements: undefined, doubts };
    const handles = args.map((x) => (typeof x === "number" ? x : (x.elements ?? this.#nothing())));
    const elements = this.device.launch(program, handles, output);
    return this.adopt(elements, [...doubts, ...(this.device.doubtsOf?.(elements) ?? [])]);
  }

  upload(values: Float32Array): Resident {
    return values.length === 0 ? { elements: undefined, doubts: [] } : this.adopt(this.device.upload(values), []);
  }

  /** Elements of the device as a resident array, the only one on them. */
  adopt(elements: Elements, doubts: readonly Doubt[]): Resident {
    const resident: Resident = { elements, doubts };
    this.#net.register(resident, elements, resident);
    return resident;
  }

  free(resident: Resident): void {
    this.#net.unregister(resident);
    if (resident.elements !== undefined) this.device.free(resident.elements);
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
}

export function unsettled(operands: readonly Resident[]): readonly Doubt[] {
  const all = operands.flatMap(({ doubts }) => doubts).filter(({ settled }) => !settled);
  return all.length < 2 ? all : [...new Set(all)];
}

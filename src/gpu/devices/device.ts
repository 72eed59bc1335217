import type { Doubt } from "../doubt.js";
import type { Mode } from "../library.js";
import type { Program } from "../program.js";

/** Elements on a device. */
export type Elements = object;

/** Where kernels run, in one of gpu.js's modes. Launches take effect in the order in which they are made. */
export interface Device {
  readonly mode: Mode;
  /** What it runs on, as the driver calls it. */
  readonly adapter: string;
  /** Whether launches return before their results are there. */
  readonly pending: boolean;
  /** Launches so far. */
  readonly launches: number;
  /** Arrays that are not freed. */
  readonly live: number;

  upload(values: Float32Array): Elements;
  /** The output has the sizes x, y, z of `this.thread`, as many as the program's rank; all are positive. */
  launch(program: Program, args: readonly (Elements | number)[], output: readonly number[]): Elements;
  /** What the driver has yet to say of a launch's result: whether its kernel compiled, whether there was memory for it. */
  doubtsOf?(elements: Elements): readonly Doubt[];
  /** The first `length` elements. */
  read(elements: Elements, length: number): Promise<Float32Array>;
  /** The same at once: only where nothing is pending. */
  readNow?(elements: Elements, length: number): Float32Array;
  /** New arrays of the given lengths that the host computes from all of x, in the order of launches. */
  onHost(x: Elements, lengths: readonly number[], compute: (x: Float32Array) => Float32Array[]): Elements[];
  free(elements: Elements): void;
  destroy(): void;
}

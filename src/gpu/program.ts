/** What a kernel's argument is: elements, a whole number or any number. */
export type Parameter = "array" | "integer" | "number";

/** A kernel for WebGPU written by hand: workgroups that share memory, each for a tile of the output. */
export interface Tile {
  /** Output cells of a workgroup along x, y and z; the launch has as many workgroups as cover the output. */
  readonly cells: readonly [number, number, number];
  /** Declarations and the entry point `main`. It may use what gpu.js declares: `params`, `user_<argument>` and `result`. */
  readonly wgsl: string;
}

/**
 * A kernel. The body computes one cell of the output, which stands in this.thread; every mode of gpu.js can run it. Arrays are flat,
 * and sizes are arguments, so that one translation serves every shape. It is source text because bundlers rename what they compile,
 * and the names matter. Loops run over `let`s from constants or arguments; a kernel may not read what it writes.
 */
export interface Program {
  readonly name: string;
  /** Axes of the output. */
  readonly rank: 1 | 2 | 3;
  /** The body's arguments in their order; gpu.js renames those with an underscore, so none has one. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly body: string;
  /** What WebGPU runs instead; the body is its reference. */
  readonly tile?: Tile;
}

/** The source of the function that gpu.js translates. */
export function sourceOf({ parameters, body }: Program): string {
  return `function (${Object.keys(parameters).join(", ")}) {${body}}`;
}

/** gpu.js's names for the parameters' types. */
export function typesOf({ parameters }: Program): string[] {
  return Object.values(parameters).map((type) => ({ array: "Input", integer: "Integer", number: "Number" })[type]);
}

/** What every launch is compiled with: no loop stops early. */
export const settings = {
  dynamicOutput: true,
  dynamicArguments: true,
  precision: "single",
  loopMaxIterations: 2 ** 30,
  strictIntegers: true,
} as const;

const named = new Map<string, Program>();

/** The program of that name, built once. */
export function programNamed(name: string, build: (name: string) => Program): Program {
  let program = named.get(name);
  if (program === undefined) {
    program = build(name);
    named.set(name, program);
  }
  return program;
}

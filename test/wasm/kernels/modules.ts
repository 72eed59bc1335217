/** Opens the kernels for tests: the modules this machine can run, a bump allocator, and matrices moved in and out. */
import { enableRelaxedSimd } from "../../../src/wasm/flags.js";

enableRelaxedSimd();
const names = ["baselineUnshared", "baselineShared", "relaxedUnshared", "relaxedShared", "turboUnshared"] as const;

export type Dtype = "f32" | "f64";
export type Numbers = Float32Array | Float64Array;
type Kernel = (...args: number[]) => number;

export interface Kernels {
  name: string;
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  call: (name: string, ...args: number[]) => number;
  /** Reserves memory for so many bytes, 64-byte aligned; `free` starts again. */
  reserve: (bytes: number) => number;
  free: () => void;
  put: (dtype: Dtype, values: ArrayLike<number>) => number;
  get: (dtype: Dtype, address: number, length: number) => Float64Array;
}

export const epsilon = { f32: 2 ** -24, f64: 2 ** -53 };
export const bytesOf = { f32: 4, f64: 8 };
export const dtypes: Dtype[] = ["f32", "f64"];

const pages = 4096;

async function open(name: (typeof names)[number]): Promise<Kernels | null> {
  const source = (await import(`../../../src/wasm/generated/${name}.js`)) as { default: string };
  const bytes = Buffer.from(source.default, "base64");
  if (!WebAssembly.validate(bytes)) return null;
  const module = new WebAssembly.Module(bytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: name.endsWith("Shared") });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  let top = 1024;
  const reserve = (count: number) => {
    const address = top;
    top += Math.ceil(count / 64) * 64;
    if (top > memory.buffer.byteLength) throw new Error(`tests want ${String(top)} bytes`);
    // poison: a kernel that reads what it should not will show it
    new Uint8Array(memory.buffer, address, top - address).fill(0xff);
    return address;
  };
  return {
    name,
    module,
    memory,
    call: (kernel, ...args) => {
      const f = exports[kernel];
      if (typeof f !== "function") throw new Error(`no kernel ${kernel}`);
      return (f as Kernel)(...args);
    },
    reserve,
    free: () => (top = 1024),
    put: (dtype, values) => {
      const address = reserve(values.length * bytesOf[dtype]);
      view(memory, dtype, address, values.length).set(values);
      return address;
    },
    get: (dtype, address, length) => Float64Array.from(view(memory, dtype, address, length)),
  };
}

function view(memory: WebAssembly.Memory, dtype: Dtype, address: number, length: number): Numbers {
  return dtype === "f32"
    ? new Float32Array(memory.buffer, address, length)
    : new Float64Array(memory.buffer, address, length);
}

export const modules = (await Promise.all(names.map(open))).filter((kernels) => kernels !== null);

/** Every module that runs here with every dtype, for describe.each. */
export const cases = modules.flatMap((kernels) => dtypes.map((dtype) => ({ kernels, dtype, name: kernels.name })));

/** The same for kernels in which neither threads nor the register tile have a part: one module of each rounding. */
export const roundings = cases.filter(({ name }) => ["baselineUnshared", "relaxedUnshared"].includes(name));

/** Seeded uniform numbers in [−1, 1), already rounded to the dtype. */
export function random(seed: number, dtype: Dtype = "f64") {
  let state = seed;
  return (length: number) =>
    Float64Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      const x = state / 2 ** 31;
      return dtype === "f32" ? Math.fround(x) : x + Math.fround(x) * 2 ** -24;
    });
}

/** Seeded whole numbers in [low, high]. */
export function randomSizes(seed: number) {
  const next = random(seed);
  return (low: number, high: number) => low + Math.floor(((next(1)[0] + 1) / 2) * (high - low + 1));
}

/** max |x − y|; infinite where either is not a number. */
export function distance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) {
    const d = Math.abs(x[i] - y[i]);
    if (!(d <= most)) most = Number.isNaN(d) ? Infinity : d;
  }
  return most;
}

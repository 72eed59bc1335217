import type { Device, Elements } from "../../src/gpu/devices/device.js";
import { Launcher } from "../../src/gpu/launcher.js";
import { eliminate, invertInBlocks } from "../../src/gpu/operations/blockInverse.js";
import { same } from "../../src/gpu/operations/movement.js";
import { gram, matmul } from "../../src/gpu/operations/products.js";
import { steps } from "../../src/gpu/operations/steps.js";
import type { Resident } from "../../src/gpu/resident.js";

/** Makes a result, reads one back, and frees one. */
export interface Work {
  readonly launch: () => Resident;
  readonly read: (result: Resident) => Promise<unknown>;
  readonly free: (result: Resident) => void;
}

/** A heavy kernel at order n: what it costs by count, and the launch of its tuned and of its stock form. */
export interface HeavyKernel {
  readonly name: string;
  readonly flops: number;
  /** Bytes that must cross the memory's bus: each operand read once, the result written once. */
  readonly bytes: number;
  readonly tuned: Work;
  readonly stock: Work;
}

/** The device without hand-written kernels: gpu.js's own translation of each body, a cell a thread. */
export function stockDevice(device: Device): Device {
  return new Proxy(device, {
    get(target, key) {
      if (key === "launch")
        return (...[program, args, output]: Parameters<Device["launch"]>): Elements => {
          const { name, rank, parameters, body } = program;
          return target.launch({ name: `${name}, stock`, rank, parameters, body }, args, output);
        };
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
}

export function heavyKernels(device: Device, n: number): HeavyKernel[] {
  const tuned = new Launcher(device);
  const stock = new Launcher(stockDevice(device));
  const [A, B, S] = [dense(n, 1), dense(n, 2), covariance(n)].map((values) => tuned.upload(values));
  const square = 4 * n * n;
  const products =
    ([transposeA, transposeB]: readonly boolean[]) =>
    (run: Launcher) =>
      matmul(run, A, B, n, n, n, { transposeA, transposeB });
  const averaged = (run: Launcher) => gram(run, A, undefined, B, { rows: n, p: n, q: n, weight: 0.05, beta: 0.95 });
  const both = (name: string, operands: number, launch: (run: Launcher) => Resident): HeavyKernel => ({
    name,
    flops: 2 * n ** 3,
    bytes: (operands + 1) * square,
    tuned: workOn(tuned, launch),
    stock: workOn(stock, launch),
  });
  return [
    both("A·B", 2, products([false, false])),
    both("Aᵀ·B", 2, products([true, false])),
    both("A·Bᵀ", 2, products([false, true])),
    both("β·C + w·XᵀX", 2, averaged),
    {
      ...both("S⁻¹", 1, averaged),
      // Every block reads and writes the whole matrix once.
      bytes: 2 * square * Math.ceil(n / 64),
      tuned: workOn(tuned, (run) => invertInBlocks(run, same(run, S), n)),
      stock: workOn(stock, (run) => steps(run, eliminate, same(run, S), n)),
    },
  ];
}

/** A launcher frees what it made: it also frees what is dropped, which must not happen twice. */
export function workOn(run: Launcher, launch: (run: Launcher) => Resident): Work {
  return {
    launch: () => launch(run),
    read: (result) => run.device.read(run.stored(result).elements ?? {}, result.length),
    free: (result) => {
      run.free(result);
    },
  };
}

/** Numbers in ±½ from a linear congruential generator. */
function dense(n: number, seed: number): Float32Array {
  let state = seed;
  return new Float32Array(n * n).map(() => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5);
}

/** A damped covariance. */
function covariance(n: number): Float32Array {
  return Float32Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return (i === j ? 0.5 : 0) + 0.5 / (1 + Math.abs(i - j));
  });
}

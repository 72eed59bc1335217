import { Worker } from "node:worker_threads";
import { dtypes, modules, random, type Kernels } from "./modules.js";

const LOST = 6;
const READY = 7;

/** A pool with running workers, as the backend starts them. */
async function startPool({ module, memory, call, reserve }: Kernels, workers: number) {
  const pool = reserve(256);
  call("initializePool", pool, workers);
  const source = `
    const { workerData } = require("node:worker_threads");
    const { module, memory, pool, slot } = workerData;
    new WebAssembly.Instance(module, { env: { memory } }).exports.workerLoop(pool, slot);`;
  const exits = Array.from({ length: workers }, (_, i) => {
    const worker = new Worker(source, { eval: true, workerData: { module, memory, pool, slot: i + 1 } });
    return new Promise((resolve) => worker.on("exit", resolve));
  });
  const words = new Int32Array(memory.buffer, pool, 64);
  while (Atomics.load(words, READY) < workers) await new Promise((resolve) => setTimeout(resolve, 2));
  const stop = async () => {
    call("stopWorkers", pool);
    expect(await Promise.all(exits)).toEqual(exits.map(() => 0));
  };
  return { pool, words, stop };
}

describe.each(modules.filter(({ name }) => name.endsWith("Shared")))("threads of $name", (kernels) => {
  test.each(dtypes)("a product is the same bits on one thread and on three (%s)", async (dtype) => {
    kernels.free();
    const { pool, words, stop } = await startPool(kernels, 2);
    const [m, n, k] = [257, 1300, 1301];
    const next = random(1, dtype);
    const [a, b] = [next(m * k), next(k * n)].map((values) => kernels.put(dtype, values));
    const scratch = kernels.reserve(kernels.call(`gemmScratch_${dtype}`, m, n, k, 3));
    const results = [0, pool, pool].map((threads) => {
      const c = kernels.put(dtype, new Float64Array(m * n).fill(0.5));
      kernels.call(`gemm_${dtype}`, threads, 0, m, n, k, 1, a, k, 1, b, n, 1, 2, c, c, n, scratch);
      return kernels.get(dtype, c, m * n);
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    expect(words[LOST]).toBe(0);
    await stop();
  });

  test.each(dtypes)("elementwise results are the same bits on one thread and on three (%s)", async (dtype) => {
    kernels.free();
    const { pool, words, stop } = await startPool(kernels, 2);
    const [rows, columns] = [301, 701];
    const next = random(4, dtype);
    const [x, row] = [next(rows * columns), next(columns)].map((values) => kernels.put(dtype, values));
    const scratch = kernels.reserve(64);
    const [TANH, SUB] = [8, 13];
    for (const operation of [TANH, SUB]) {
      const [one, three] = [0, pool].map((threads) => {
        const out = kernels.reserve(8 * rows * columns);
        kernels.call(
          `map_${dtype}`,
          threads,
          operation,
          rows,
          columns,
          x,
          columns,
          1,
          row,
          0,
          1,
          x,
          0,
          0,
          out,
          scratch,
        );
        return kernels.get(dtype, out, rows * columns);
      });
      expect(three).toEqual(one);
    }
    expect(words[LOST]).toBe(0);
    await stop();
  });

  test("thousands of jobs in a row, with and without pauses, finish whole", async () => {
    kernels.free();
    const { pool, words, stop } = await startPool(kernels, 2);
    const n = 101;
    const values = random(2, "f32")(n * n);
    const [a, b] = [kernels.put("f32", values), kernels.put("f32", values)];
    const [c, d] = [kernels.reserve(4 * n * n), kernels.reserve(4 * n * n)];
    const scratch = kernels.reserve(kernels.call("gemmScratch_f32", n, n, n, 3));
    const multiply = (threads: number, to: number) =>
      kernels.call("gemm_f32", threads, 0, n, n, n, 1, a, n, 1, b, n, 1, 0, to, to, n, scratch);
    multiply(0, d);
    const expected = new Int32Array(kernels.memory.buffer, d, n * n);
    for (let trial = 0; trial < 800; trial++) {
      new Uint8Array(kernels.memory.buffer, c, 4 * n * n).fill(0xff);
      multiply(pool, c);
      const found = new Int32Array(kernels.memory.buffer, c, n * n);
      if (!found.every((bits, i) => bits === expected[i])) throw new Error(`trial ${String(trial)} differs`);
      if (trial % 80 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(words[LOST]).toBe(0);
    await stop();
  });

  test("a pool whose workers never started still finishes", () => {
    kernels.free();
    const pool = kernels.reserve(256);
    kernels.call("initializePool", pool, 1);
    const n = 160;
    const x = kernels.put("f64", random(3)(n * n));
    const [c, d] = [kernels.reserve(8 * n * n), kernels.reserve(8 * n * n)];
    const scratch = kernels.reserve(kernels.call("gemmScratch_f64", n, n, n, 2));
    kernels.call("gemm_f64", pool, 0, n, n, n, 1, x, n, 1, x, 1, n, 0, c, c, n, scratch);
    kernels.call("gemm_f64", 0, 0, n, n, n, 1, x, n, 1, x, 1, n, 0, d, d, n, scratch);
    expect(kernels.get("f64", c, n * n)).toEqual(kernels.get("f64", d, n * n));
  });
});

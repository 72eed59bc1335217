import { matmul, read, stream, tensor, wasm } from "kronfac";
import { matmul as matmulOn } from "../../src/wasm/operations/products.js";
import { Runtime } from "../../src/wasm/runtime.js";

const n = 400;
const values = new Float32Array(stream(1).normal(n * n));

test("a backend has the threads it was asked for where the page is cross-origin isolated, and one elsewhere", () => {
  expect(wasm({ threads: 2 }).threads).toBe(crossOriginIsolated ? 2 : 1);
});

test("a product is the same bits on one thread and on two", async () => {
  const products = await Promise.all(
    [1, 2].map((threads) => {
      const x = tensor(values, { shape: [n, n], backend: wasm({ threads }) });
      return read(matmul(x, x, { transposeB: true }));
    }),
  );
  expect(products[1]).toEqual(products[0]);
});

const isolated = crossOriginIsolated ? describe : describe.skip;

isolated("two threads", () => {
  test("a worker runs by the time that the first product shared with it is read", async () => {
    let started = 0;
    class Watched extends Worker {
      constructor(url: string | URL) {
        super(url);
        this.addEventListener("message", () => started++);
      }
    }
    const original = globalThis.Worker;
    globalThis.Worker = Watched;
    try {
      const x = tensor(values, { shape: [n, n], backend: wasm({ threads: 2 }) });
      await read(matmul(x, x));
    } finally {
      globalThis.Worker = original;
    }
    expect(started).toBe(1);
  });

  test("the pool's control block outlives garbage collection", async () => {
    const runtime = new Runtime("baseline", 2, 2 ** 28);
    expect(runtime.pool.address).toBeGreaterThan(0);
    const { live } = runtime.heap;
    (globalThis as unknown as { gc(): void }).gc();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(runtime.heap.live).toBe(live);
    runtime.pool.stop();
  });

  test("the worker computes a part of a product: it packs into its own share of the scratch memory", async () => {
    const runtime = new Runtime("baseline", 2, 2 ** 28);
    const x = { storage: runtime.heap.store(values), shape: [n, n], dtype: "float32", offset: 0 } as const;
    const multiply = () =>
      runtime.heap.release(matmulOn(runtime, x, x, n, n, n, { transposeA: false, transposeB: true }));
    const bytes = (threads: number) => runtime.call("gemmScratch", "float32", n, n, n, threads);
    const scratch = runtime.scratch(bytes(2));
    const takesPart = () => {
      const share = new Uint8Array(runtime.heap.memory.buffer, scratch + bytes(1), bytes(2) - bytes(1)).fill(0);
      multiply();
      return share.some((byte) => byte !== 0);
    };
    multiply();
    await runtime.pool.starting;
    let products = 0;
    while (!takesPart() && products < 1000) products++;
    expect(products).toBeLessThan(1000);
    runtime.pool.stop();
  });
});

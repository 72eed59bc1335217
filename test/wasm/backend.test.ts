import { Kfac } from "../../src/kfac/kfac.js";
import { dense } from "../../src/network/layer.js";
import { network } from "../../src/network/network.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { identity, tanh } from "../../src/autodiff/index.js";
import { eye, read, tensor, uniform, zeros } from "../../src/tensor/create.js";
import {
  cholesky,
  crossEntropy,
  crossEntropyGradient,
  gram,
  invertSpd,
  matmul,
  softmax,
  sum,
  symmetricEigen,
} from "../../src/tensor/operations.js";
import { stream } from "../../src/tensor/random.js";
import { scope } from "../../src/tensor/scope.js";
import { wasm } from "../../src/wasm/index.js";

describe("the wasm backend", () => {
  test("without options is one and the same, with options a new one", () => {
    expect(wasm()).toBe(wasm());
    expect(wasm({ threads: 1 })).not.toBe(wasm({ threads: 1 }));
  });

  test("refuses threads and memory limits out of range, naming the value and the range", () => {
    expect(() => wasm({ threads: 0 })).toThrow(new RangeError("wasm: threads is 0; it must be an integer in 1 … 64"));
    expect(() => wasm({ threads: 1.5 })).toThrow(/threads is 1.5/);
    expect(() => wasm({ memoryLimit: 5 })).toThrow(/memoryLimit is 5; it must be 1 MiB … 4 GiB/);
  });

  test("says which build of the kernels runs; turbo rounds as relaxed does", async () => {
    expect(wasm({ simd: "baseline" }).simd).toBe("baseline");
    const relaxed = wasm({ threads: 1, simd: "relaxed" });
    expect(relaxed.simd).toBe("relaxed");
    const turbo = wasm({ threads: 1, turbo: true });
    expect(["relaxed", "turbo"]).toContain(turbo.simd);
    const [x, y] = [relaxed, turbo].map((backend) => {
      const X = tensor(stream(1).normal(130 * 67), { shape: [130, 67], backend });
      return read(invertSpd(gram(X, { weight: 1 / 130 })));
    });
    expect(await x).toEqual(await y);
  });

  test.each(["float32", "float64"] as const)(
    "still decomposes in %s once turbo is on and V8 has optimised",
    async (dtype) => {
      const n = 40;
      const backend = wasm({ threads: 1, turbo: true });
      const S = gram(tensor(stream(4).normal(n * n), { shape: [n, n], dtype, backend }));
      for (let i = 0; i < 300; i++) scope(() => void symmetricEigen(S));
      const { vectors } = symmetricEigen(S);
      const products = await read(matmul(vectors, vectors, { transposeA: true }));
      const identity = await read(eye(n, { dtype, backend }));
      expect(products.map((x, i) => Math.abs(x - identity[i])).every((x) => x <= 1e-4)).toBe(true);
    },
  );

  test("gives the same bits on 1, 2 and 3 threads", async () => {
    const results = await Promise.all(
      [1, 2, 3].map(async (threads) => {
        const backend = wasm({ threads });
        const X = tensor(stream(2).normal(400 * 301), { shape: [400, 301], backend });
        const S = gram(X, { weight: 1 / 400 });
        const { values, vectors } = symmetricEigen(S);
        const T = uniform([400, 301], stream(3), X);
        const losses = (["sigmoid", "softmax"] as const).flatMap((link) => [
          crossEntropy(link, X, T),
          crossEntropyGradient(link, X, T, sum(X, 1)),
        ]);
        const all = [S, matmul(X, S), cholesky(S), invertSpd(S), values, vectors, T, ...losses, softmax(X, 1)];
        const numbers = await Promise.all(all.map((t) => read(t)));
        backend.stop();
        return numbers;
      }),
    );
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test("at its memory limit names what is live, the limit and the remedy, and goes on", async () => {
    const backend = wasm({ threads: 1, memoryLimit: 32 * 2 ** 20 });
    const held = zeros([1024, 1024], { backend });
    const more = () => Array.from({ length: 9 }, () => zeros([1024, 1024], { backend }));
    expect(() => scope(more)).toThrow(
      /^wasm: no room for 4 MiB more: \d+ MiB are live and the limit is 32 MiB; free tensors/,
    );
    held.dispose();
    expect(await read(tensor([1, 2], { backend }))).toEqual(Float32Array.of(1, 2));
  });

  test("serves blocks of growing size from what smaller ones left, up to the limit", () => {
    const backend = wasm({ threads: 1, memoryLimit: 32 * 2 ** 20 });
    for (let rows = 100; rows <= 6000; rows += 100) {
      using first = zeros([rows, 500], { backend });
      using second = zeros([rows, 500], { backend });
      expect([first, second].map((t) => t.shape[0])).toEqual([rows, rows]);
    }
    expect(backend.memory.reserved).toBeLessThanOrEqual(32 * 2 ** 20);
  });

  test("keeps memory flat over 10,000 steps of K-FAC", async () => {
    const backend = wasm({ threads: 1 });
    using net = network([dense(4, 5, tanh), dense(5, 3, identity)], { seed: 1, backend });
    using kfac = new Kfac(net, softmaxCrossEntropy, { lambda: 1 });
    const inputs = tensor(stream(3).normal(16 * 4), { shape: [16, 4], dtype: "float32", backend });
    const targets = tensor(
      Array.from({ length: 16 }, (_, i) => i % 3),
      { backend },
    );
    const most = { live: 0, reserved: 0 };
    const early = { ...most };
    for (let k = 1; k <= 10_000; k++) {
      await kfac.step({ inputs, targets });
      const { live, reserved } = backend.memory;
      most.live = Math.max(most.live, live);
      most.reserved = Math.max(most.reserved, reserved);
      if (k === 100) Object.assign(early, most);
    }
    expect(most).toEqual(early);
  }, 60_000);
});

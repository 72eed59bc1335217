import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { identity, tanh } from "../../src/autodiff/index.js";
import { Kfac } from "../../src/kfac/kfac.js";
import type { Data } from "../../src/network/batches.js";
import { dense } from "../../src/network/layer.js";
import { network } from "../../src/network/network.js";
import { squaredError } from "../../src/network/squaredError.js";
import { wasm } from "../../src/wasm/index.js";
import { rowsOfAll } from "../support/close.js";
import { normalTensor } from "../support/problems.js";

const MEBIBYTE = 2 ** 20;

test("a step that needs more memory than there may be says so, and leaves the model and the optimizer as they were", async () => {
  const run = async (disturbed: boolean) => {
    const backend = wasm({ threads: 1, simd: "baseline", memoryLimit: 4 * MEBIBYTE });
    const place = { backend, dtype: "float32" } as const;
    const data = (cases: number): Data => ({
      inputs: normalTensor([cases, 4], 1, place),
      targets: normalTensor([cases, 3], 2, place),
    });
    using net = network([dense(4, 30, tanh), dense(30, 3, identity)], { seed: 3, ...place });
    using kfac = new Kfac(net, squaredError);
    const [small, large] = [data(20), data(12_000)];
    const reports = [];
    for (let k = 0; k < 3; k++) {
      if (disturbed) {
        const { live } = backend.memory;
        await expect(kfac.step(large)).rejects.toThrow(
          /^wasm: no room for \d+ MiB more: \d+ MiB are live and the limit is 4 MiB; free tensors .*, or use a smaller batch$/,
        );
        // what the kernels work in stays theirs
        expect(backend.memory.live).toBeLessThanOrEqual(live + MEBIBYTE);
      }
      reports.push(await kfac.step(small));
    }
    return { reports, weights: await rowsOfAll(net.weights) };
  };
  expect(await run(true)).toEqual(await run(false));
});

/** K-FAC of a network wide enough for threads, on one thread, and on two of which the second is `Worker`. Prints what happened, and the losses. */
function program(Worker: string): string {
  return `
    import { dense, identity, Kfac, network, read, squaredError, stream, tanh, tensor, wasm } from ${JSON.stringify(pathToFileURL("src/index.ts").href)};
    const threads = process.getBuiltinModule("node:worker_threads");
    threads.Worker = ${Worker};
    async function train(backend, steps) {
      const random = (seed, columns) => tensor(stream(seed).normal(120 * columns), { shape: [120, columns], dtype: "float32", backend });
      const data = { inputs: random(1, 120), targets: random(2, 120) };
      const net = network([dense(120, 120, tanh), dense(120, 120, identity)], { seed: 3, backend });
      const kfac = new Kfac(net, squaredError, { lambda: 1 });
      const weights = () => Promise.all(net.weights.map((W) => read(W)));
      const losses = [];
      let error = "none";
      for (const end = Date.now() + 35_000; losses.length < steps && Date.now() < end;) {
        const before = await weights();
        try {
          losses.push((await kfac.step(data)).loss);
        } catch ({ message }) {
          const after = await weights();
          error = message + (before.every((W, i) => W.every((w, j) => w === after[i][j])) ? "" : ", and the weights are others");
          steps = losses.length + 2;
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return { losses, error };
    }
    const disturbed = await train(wasm({ threads: 2, simd: "baseline" }), 5000);
    const calm = await train(wasm({ threads: 1, simd: "baseline" }), disturbed.losses.length);
    console.log(JSON.stringify({ ...disturbed, calm: calm.losses }));
  `;
}

/** In place of a worker, one that enters a job (words GATE and NEXT of the control block), takes a unit, and dies. */
const mortal = `class extends threads.Worker {
  constructor(_, options) {
    super(\`
      const { memory, pool } = require("node:worker_threads").workerData;
      const words = new Int32Array(memory.buffer, pool, 64);
      for (let inside = -1; inside < 0 || Atomics.compareExchange(words, 16, inside, inside + 1) !== inside;)
        inside = Atomics.load(words, 16);
      Atomics.add(words, 32, 1);
      process.exit(1);
    \`, options);
  }
}`;

test("a worker thread that dies in the middle of a step is an error of that step, and the next goes on with one thread", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", program(mortal)],
    { encoding: "utf8", timeout: 60_000 },
  );
  expect([status, stderr]).toEqual([0, ""]);
  const { losses, error, calm } = JSON.parse(stdout) as { losses: number[]; error: string; calm: number[] };
  expect(error).toMatch(
    /^wasm: a worker thread died during \w+ and left work unfinished; the backend goes on with one thread$/,
  );
  expect(losses.length).toBeGreaterThanOrEqual(2);
  expect(losses).toEqual(calm);
});

import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";

const library = pathToFileURL("src/index.ts").href;

/** Runs a program of its own process, in which `kronfac` is the library, to its end; gives what it printed. */
function run(program: string, milliseconds = 120_000): string {
  const source = `import * as kronfac from ${JSON.stringify(library)};\n${program}`;
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", source],
    { encoding: "utf8", timeout: milliseconds },
  );
  if (status !== 0) throw new Error(`the program ended with ${String(status ?? signal)}: ${stderr}`);
  return stdout.trim();
}

/** A product that is large enough to be shared, and how far it is from the same on one thread. */
const product = `
  const { matmul, read, tensor, wasm } = kronfac;
  const values = Float32Array.from({ length: 1200 * 1200 }, (_, i) => Math.sin(i));
  const square = (backend) => { const A = tensor(values, { shape: [1200, 1200], backend }); return read(matmul(A, A)); };
  const difference = async (backend) => {
    const [one, all] = [await square(wasm({ threads: 1 })), await square(backend)];
    return one.reduce((most, x, i) => Math.max(most, Math.abs(x - all[i])), 0);
  };
`;

describe("the worker threads of the wasm backend", () => {
  test("let the process end by itself", () => {
    const program = `${product} console.log(await difference(wasm({ threads: 3 })));`;
    expect(run(program)).toBe("0");
  });

  test("that have died, idle, are done without", () => {
    const program = `
      const threads = process.getBuiltinModule("node:worker_threads");
      const workers = [];
      threads.Worker = class extends threads.Worker { constructor(...all) { super(...all); workers.push(this); } };
      ${product}
      const backend = wasm({ threads: 2 });
      await square(backend);
      await workers[0].terminate();
      console.log(workers.length, await difference(backend));
    `;
    expect(run(program)).toBe("1 0");
  });

  test("that die with work unfinished give an error, not a hang, and the backend goes on with one thread", () => {
    // In place of a worker, one that enters a job (words GATE and NEXT of the control block), takes a unit, and dies.
    const program = `
      const threads = process.getBuiltinModule("node:worker_threads");
      const source = \`
        const { memory, pool } = require("node:worker_threads").workerData;
        const words = new Int32Array(memory.buffer, pool, 64);
        for (let inside = -1; inside < 0 || Atomics.compareExchange(words, 16, inside, inside + 1) !== inside;)
          inside = Atomics.load(words, 16);
        Atomics.add(words, 32, 1);
        process.exit(1);
      \`;
      threads.Worker = class extends threads.Worker { constructor(_, options) { super(source, options); } };
      ${product}
      const backend = wasm({ threads: 2 });
      const A = tensor(values, { shape: [1200, 1200], backend });
      const end = Date.now() + 60_000;
      let message = "none";
      while (message === "none" && Date.now() < end) {
        try { matmul(A, A).dispose(); } catch (error) { message = error.message; }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      console.log(message);
      console.log(await difference(backend));
    `;
    const [message, difference] = run(program).split("\n");
    expect(message).toMatch(/a worker thread died during (gemm|matmul).*goes on with one thread/);
    expect(difference).toBe("0");
  }, 120_000);
});

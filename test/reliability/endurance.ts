/**
 * `npm run endurance`: many steps of a small network with memory looked at along the way, the same run on two backends, and the same on
 * one, two and three threads. Ends with status 1 where something grew or parted. `-- --steps 5000` is shorter.
 */
import { Command } from "commander";
import { batches, cpu, dense, disposeAll, identity, Kfac, network, read, stream, tanh, tensor, wasm } from "kronfac";
import { softmaxCrossEntropy, squaredError, type Backend, type Data, type DType, type Network } from "kronfac";
import { parseFlags, wholeNumber } from "../../examples/command-line.js";
import { UsageError } from "../../examples/usage-error.js";

/**
 * What the most memory of the later half of the steps may be above the most of the earlier half, in bytes: the collector's slack, which is
 * large in resident memory. The first thousands of steps are compiled, more than once, and memory grows with them; a leak goes on growing.
 */
const GROWTH = { rss: 48e6, heapUsed: 2e6, external: 1e6, live: 0, reserved: 0 };
/** How often memory is looked at. */
const SAMPLES = 50;
/**
 * How far the losses of two backends in float64 may be apart, relative to the loss: in the first steps, and in all. λ falls to nothing where
 * the model fits well, and rounding then grows along directions that nothing holds, until both have come to the minimum.
 */
const DRIFT = { early: 1e-9, all: 1e-2 };
const EARLY = 200;
/** A twenty-fifth of the steps are taken on two backends, and a hundredth on several threads: each is slower. */
const SHARE = { backends: 25, threads: 100 };

const program = new Command("npm run endurance --")
  .description("trains for long and checks that memory stays flat, backends together, and threads equal")
  .option("--steps <number>", "how many steps", wholeNumber(1000), 50_000);

try {
  const parsed = parseFlags(program, process.argv.slice(2));
  if ("help" in parsed) console.log(parsed.help.trimEnd());
  else {
    const { steps } = parsed.flags as { steps: number };
    const held = [await memory(steps), await drift(steps / SHARE.backends), await threads(steps / SHARE.threads)];
    process.exitCode = held.every(Boolean) ? 0 : 1;
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`endurance: ${error.message}`);
  process.exitCode = 2;
}

/** Classes of points in the plane, in minibatches of 32 of 500. */
async function memory(steps: number): Promise<boolean> {
  const backend = wasm({ threads: 1 });
  using net = network([dense(2, 16, tanh), dense(16, 16, tanh), dense(16, 3, identity)], { seed: 1, backend });
  using kfac = new Kfac(net, softmaxCrossEntropy, { seed: 1 });
  const points = tensor(stream(2).normal(1000), { shape: [500, 2], dtype: "float32", backend });
  const labels = tensor(
    Float64Array.from(stream(3).uniform(500), (u) => Math.floor(3 * u)),
    { dtype: "float32", backend },
  );
  const minibatches = batches({ inputs: points, targets: labels }, { size: 32, seed: 1 });
  const usage = () => {
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heapUsed, external, ...backend.memory };
  };
  const start = performance.now();
  const halves: ReturnType<typeof usage>[][] = [[], []];
  for (let k = 1; k <= steps; k++) {
    const minibatch = minibatches.next().value;
    const { events } = await kfac.step(minibatch);
    disposeAll(minibatch);
    // After a step that was taken back there is less to hold.
    if (k % Math.ceil(steps / SAMPLES) === 0 && !events.some(({ kind }) => kind === "step-rejected"))
      halves[Number(k > steps / 2)].push(usage());
  }
  const finite = (await Promise.all(net.weights.map((W) => read(W)))).every((W) => W.every(Number.isFinite));
  console.log(
    `${steps} steps in ${((performance.now() - start) / 1000).toFixed(0)} s; every weight is finite: ${finite}`,
  );
  let flat = finite;
  for (const [name, allowed] of Object.entries(GROWTH)) {
    const [earlier, later] = halves.map((half) =>
      Math.max(...half.map((sample) => sample[name as keyof typeof GROWTH])),
    );
    flat &&= Number.isFinite(later) && later - earlier <= allowed;
    console.log(
      `  ${name}: at most ${earlier} bytes in the earlier half, ${later} in the later (${allowed} more allowed)`,
    );
  }
  return flat;
}

/** A regression with targets to fit, of its own backend. */
function regression(
  widths: readonly number[],
  cases: number,
  place: { backend: Backend; dtype: DType },
): { net: Network; data: Data } {
  const last = widths.length - 2;
  const layers = widths.slice(1).map((width, i) => dense(widths[i], width, i === last ? identity : tanh));
  const random = (seed: number, columns: number) =>
    tensor(stream(seed).normal(cases * columns), { shape: [cases, columns], ...place });
  return {
    net: network(layers, { seed: 4, ...place }),
    data: { inputs: random(5, widths[0]), targets: random(6, widths[last + 1]) },
  };
}

/** The same training in float64 on the plain backend and on the fast one. */
async function drift(steps: number): Promise<boolean> {
  const [plain, fast] = [cpu(), wasm({ threads: 1 })].map((backend) => {
    const { net, data } = regression([4, 8, 3], 40, { backend, dtype: "float64" });
    return { data, kfac: new Kfac(net, squaredError, { seed: 7 }) };
  });
  const apart = { early: 0, all: 0 };
  for (let k = 1; k <= steps; k++) {
    const [a, b] = [await plain.kfac.step(plain.data), await fast.kfac.step(fast.data)];
    apart.all = Math.max(apart.all, Math.abs(a.loss - b.loss) / a.loss);
    if (k <= EARLY) apart.early = apart.all;
  }
  console.log(`${steps} steps on cpu and on wasm, float64: the losses are at most so far apart, of the loss`);
  console.log(`  in the first ${EARLY}: ${apart.early.toExponential(1)} (${DRIFT.early} allowed)`);
  console.log(`  in all: ${apart.all.toExponential(1)} (${DRIFT.all} allowed)`);
  return apart.early <= DRIFT.early && apart.all <= DRIFT.all;
}

/** The same training, of products large enough to share, on one, two and three threads. */
async function threads(steps: number): Promise<boolean> {
  const runs: string[] = [];
  for (const count of [1, 2, 3]) {
    const backend = wasm({ threads: count });
    const { net, data } = regression([120, 130, 110], 140, { backend, dtype: "float32" });
    const kfac = new Kfac(net, squaredError, { seed: 7 });
    for (let k = 0; k < steps; k++) await kfac.step(data);
    const weights = await Promise.all(net.weights.map((W) => read(W)));
    runs.push(weights.map((W) => Buffer.from(W.buffer, W.byteOffset, W.byteLength).toString("base64")).join());
    backend.stop();
  }
  const same = new Set(runs).size === 1;
  console.log(`${steps} steps on 1, 2 and 3 threads: the weights are ${same ? "the same bits" : "NOT the same"}`);
  return same;
}

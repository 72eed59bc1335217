import { gpu, type Mode } from "../../src/gpu/index.js";
import {
  blockDiagonal,
  blockTridiagonal,
  cpu,
  dense,
  identity,
  Kfac,
  network,
  sigmoidCrossEntropy,
  stream,
  tanh,
  tensor,
  type Backend,
  type InverseStrategy,
  type KfacReport,
} from "../../src/index.js";

const CASES = 60;
const PIXELS = 30;

/** Stripes of four kinds, some of their pixels off. */
const pixels = Float64Array.from(stream(5).uniform(CASES * PIXELS), (u, at) => {
  const on = (at % PIXELS) % 4 === Math.floor(at / PIXELS) % 4;
  return on === u < 0.9 ? 0.9 : 0.1;
});

interface Training {
  readonly reports: KfacReport[];
  readonly live: number[];
}

async function train(backend: Backend, inverse: InverseStrategy, steps: number): Promise<Training> {
  const [dtype] = backend.name === "gpu" ? (["float32"] as const) : (["float64"] as const);
  const layers = [dense(PIXELS, 16, tanh), dense(16, 6, identity), dense(6, 16, tanh), dense(16, PIXELS, identity)];
  using net = network(layers, { seed: 1, dtype, backend });
  using kfac = new Kfac(net, sigmoidCrossEntropy, { inverse, lambda: 1, seed: 3 });
  const values = dtype === "float32" ? new Float32Array(pixels) : pixels;
  using inputs = tensor(values, { shape: [CASES, PIXELS], backend });
  const training: Training = { reports: [], live: [] };
  for (let k = 0; k < steps; k++) {
    training.reports.push(await kfac.step({ inputs, targets: inputs }));
    training.live.push((backend as { liveBuffers?: number }).liveBuffers ?? 0);
  }
  return training;
}

/** More where scripts/test-gpu.mjs says so. */
const STEPS = Number(process.env.KRONFAC_STEPS ?? 30);
/** `npm test` trains in one mode, `npm run test:gpu` in all. */
const modes = (process.env.KRONFAC_GPU ?? "cpu").split(",") as Mode[];

describe.each(modes)("K-FAC on gpu.js in mode %s", (mode) => {
  test.each([
    ["block-diagonal", blockDiagonal],
    ["block-tridiagonal", blockTridiagonal],
  ])("with the %s inverse the first 20 losses of an autoencoder are those of float64 to 1e-3", async (_, inverse) => {
    using backend = await gpu({ mode }).ready();
    const [onGpu, onCpu] = [await train(backend, inverse, 20), await train(cpu(), inverse, 20)];
    onGpu.reports.forEach(({ loss }, k) => {
      expect(Math.abs(loss - onCpu.reports[k].loss)).toBeLessThanOrEqual(1e-3 * onCpu.reports[k].loss);
    });
    expect(onGpu.reports[19].loss).toBeLessThan(0.6 * onGpu.reports[0].loss);
  });

  test("an ordinary step waits once, and no step leaves a buffer behind", async () => {
    using backend = await gpu({ mode }).ready();
    const { reports, live } = await train(backend, blockDiagonal, STEPS);
    const ordinary = reports.filter(({ rho, events }) => rho === undefined && events.length === 0);
    expect(ordinary.length).toBeGreaterThan(STEPS / 2);
    for (const { waits } of ordinary) expect(waits).toBe(1);
    // γ is searched, and all else repeats, every ten steps.
    expect(Math.max(...live.slice(20))).toBeLessThanOrEqual(Math.max(...live.slice(10, 20)));
  }, 300_000);
});

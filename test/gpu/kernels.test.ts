import { open } from "../../src/gpu/devices/open.js";
import type { Device } from "../../src/gpu/devices/device.js";
import { Launcher } from "../../src/gpu/launcher.js";
import { gram, matmul } from "../../src/gpu/operations/products.js";
import { joined } from "../../src/gpu/operations/movement.js";
import { reduce } from "../../src/gpu/operations/reductions.js";
import { invertSpd } from "../../src/gpu/operations/factorizations.js";
import type { Resident } from "../../src/gpu/resident.js";
import { gram as plainGram, matmul as plainMatmul } from "../../src/tensor/linalg/index.js";
import { stream } from "../../src/index.js";
import { modes } from "./modes.js";

/** Edges of a tile of 64 and of the depth 16 at which it is worked through. */
const SIZES = [
  [1, 1, 1],
  [63, 15, 65],
  [64, 16, 64],
  [65, 33, 129],
  [7, 300, 3],
];

function uniform(length: number, seed: number): Float32Array {
  return Float32Array.from(stream(seed).uniform(length), (u) => 2 * u - 1);
}

/** XᵀX/m + damping·I of m = 2n cases: a covariance of condition about 6/damping. */
function covariance(n: number, damping: number): Float32Array {
  const S = plainGram(uniform(2 * n * n, n), 2 * n, n, { weight: 1 / (2 * n) });
  for (let i = 0; i < n; i++) S[i * n + i] += damping;
  return S;
}

async function values(run: Launcher, x: Resident): Promise<Float32Array> {
  const { elements = {}, doubts } = run.stored(x);
  for (const doubt of doubts) expect(await doubt.ask()).toBeUndefined();
  return run.device.read(elements, x.length);
}

/** The largest error, in units of Σ|terms|. */
function expectProduct(actual: Float32Array, expected: Float32Array, terms: number): void {
  let worst = 0;
  actual.forEach((value, at) => (worst = Math.max(worst, Math.abs(value - expected[at]))));
  expect(worst).toBeLessThanOrEqual(1e-6 * terms);
}

describe.each(modes)("the kernels of gpu.js in mode %s", (mode) => {
  let device: Device;
  let run: Launcher;
  beforeAll(async () => {
    device = await open(mode);
    run = new Launcher(device);
  });
  afterAll(() => device.destroy());

  test.each(SIZES)(
    "products of sizes %d, %d and %d are those of plain loops, in all transpositions",
    async (m, k, n) => {
      for (const transposeA of [false, true])
        for (const transposeB of [false, true]) {
          const [a, b] = [uniform(m * k, 1), uniform(k * n, 2)];
          const product = matmul(run, run.upload(a), run.upload(b), m, k, n, { transposeA, transposeB });
          expectProduct(await values(run, product), plainMatmul(a, b, m, k, n, { transposeA, transposeB }), k);
        }
    },
  );

  test.each(SIZES)("a covariance of %d, %d and %d is accumulated in one launch", async (p, rows, q) => {
    const [x, y, c] = [uniform(rows * p, 1), uniform(rows * q, 2), uniform(p * q, 3)];
    const before = device.launches;
    const sum = gram(run, run.upload(x), run.upload(y), run.upload(c), { rows, p, q, weight: 0.25, beta: 0.75 });
    expect(device.launches).toBe(before + 1);
    expectProduct(await values(run, sum), plainGram(x, rows, p, { y, columnsY: q, weight: 0.25, c, beta: 0.75 }), rows);
  });

  /** 1000 where the kernel is one of its own. */
  const orders = [1, 2, 63, 64, 65, 130, ...(mode === "webgpu" ? [1000] : [])];
  test.each(orders)("an inverse of order %d is one to 1e-5, and exactly symmetric", async (n) => {
    const S = covariance(n, 0.1);
    const inverse = await values(run, invertSpd(run, run.upload(S), n));
    const product = plainMatmul(S, inverse, n, n, n);
    let [worst, asymmetry] = [0, 0];
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        worst = Math.max(worst, Math.abs(product[i * n + j] - (i === j ? 1 : 0)));
        asymmetry = Math.max(asymmetry, Math.abs(inverse[i * n + j] - inverse[j * n + i]));
      }
    expect(worst).toBeLessThanOrEqual(1e-5);
    expect(asymmetry).toBe(0);
  });

  test("rows of a million and columns of a hundred thousand are within reach", async () => {
    const ones = (length: number) => run.upload(new Float32Array(length).fill(1));
    const row = joined(run, [ones(900_000), ones(100_000)], 1, [900_000, 100_000]);
    expect((await values(run, reduce(run, "sum", row, 1, 1_000_000, 1)))[0]).toBe(1_000_000);
    const columns = joined(run, [ones(100_000), ones(100_000)], 100_000, [1, 1]);
    expect((await values(run, reduce(run, "sum", columns, 1, 200_000, 1)))[0]).toBe(200_000);
  });
});

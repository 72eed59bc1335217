import { Adam } from "../../src/kfac/adam.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import { blockTridiagonal } from "../../src/kfac/blockTridiagonal.js";
import { ExactNaturalGradient } from "../../src/kfac/exactNaturalGradient.js";
import { exactTikhonov } from "../../src/kfac/exactTikhonov.js";
import { fullKronecker } from "../../src/kfac/fullKronecker.js";
import { Kfac } from "../../src/kfac/kfac.js";
import type { KfacOptions } from "../../src/kfac/options.js";
import type { Resumable } from "../../src/kfac/optimizerState.js";
import { Sgd } from "../../src/kfac/sgd.js";
import { diagonalFactor } from "../../src/network/diagonalFactor.js";
import type { Loss } from "../../src/network/loss.js";
import { squaredError } from "../../src/network/squaredError.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import { full } from "../../src/tensor/create.js";
import { stream } from "../../src/tensor/random.js";
import { WasmBackend } from "../../src/wasm/index.js";
import type { Problem } from "../support/problems.js";
import { building, resume, trainSaving, type Build } from "../support/resuming.js";

const END = 8;

const kfac =
  (options: KfacOptions) =>
  ({ net, loss }: Problem) =>
    new Kfac(net, loss, {
      adaptLambdaEvery: 2,
      adaptGammaEvery: 6,
      invertEvery: 3,
      modelFraction: 0.5,
      seed: 9,
      ...options,
    });

const optimizers: [string, (of: Problem) => Resumable][] = [
  ["Kfac by blockDiagonal", kfac({ inverse: blockDiagonal })],
  ["Kfac by blockTridiagonal", kfac({ inverse: blockTridiagonal, lambda: 1 })],
  ["Kfac by exactTikhonov", kfac({ inverse: exactTikhonov, lambda: 1 })],
  ["Kfac by fullKronecker", kfac({ inverse: fullKronecker, lambda: 1 })],
  [
    "Kfac without momentum or averaging",
    kfac({ momentum: false, averaging: 0, lambda: 1, fisher: "curvature-propagation" }),
  ],
  ["Sgd", ({ net, loss }) => new Sgd(net, loss, { learningRate: 0.01, momentum: 0.9, nesterov: true })],
  ["Adam", ({ net, loss }) => new Adam(net, loss)],
  ["ExactNaturalGradient", ({ net, loss }) => new ExactNaturalGradient(net, loss, { lambda: 0.1 })],
];

const places = [cpu(), new WasmBackend({ threads: 2 })].flatMap((backend) =>
  (["float32", "float64"] as const).map((dtype) => ({ name: `${dtype} on ${backend.name}`, backend, dtype })),
);

describe.each(places)("$name", ({ name, ...place }) => {
  test.each(optimizers)(
    "%s goes on from a checkpoint bit for bit as if it had never stopped",
    async (optimizer, make) => {
      const build = building(place, make);
      // Once right after an inversion, and once anywhere.
      const stops = [
        6,
        1 +
          stream(1)
            .split(name)
            .split(optimizer)
            .integer(END - 1),
      ];
      await expectSameFrom(build, stops);
    },
  );
});

async function expectSameFrom(build: Build, stops: readonly number[]): Promise<string[]> {
  const { reports, saved, bits } = await trainSaving(build, END, stops);
  for (const [k, bytes] of saved) {
    const resumed = await resume(build, bytes, END);
    expect(resumed.reports).toEqual(reports.slice(k));
    expect(resumed.bits).toEqual(bits);
  }
  return reports.flatMap(({ events }) => events.map(({ kind }) => kind));
}

/** Claims too small a Fisher, so that steps are far too long. */
const boastful = (b: number): Loss => ({ ...squaredError, factor: (z) => diagonalFactor(full(z.shape, b, z)) });

test.each([
  ["step-rejected", 0.01, { lambda: 0.01, adaptLambdaEvery: 1 }],
  ["step-undone", 1e-100, { lambda: 0, gamma: 1, eta: 0, adaptLambdaEvery: 0 }],
] as const)("after any step of a run in which a %s event happens", async (event, b, options) => {
  const build = building({}, ({ net }) => new Kfac(net, boastful(b), options));
  const happened = await expectSameFrom(build, [1, 2, 3, 4, 5, 6, 7]);
  expect(happened).toContain(event);
});

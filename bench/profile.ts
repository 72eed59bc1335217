import { Adam, Kfac, paper, Sgd, type Backend, type Loss, type Model, type Optimizer } from "../src/index.js";
import { loss } from "../examples/autoencoder/autoencoder.js";
import { inverses } from "../examples/autoencoder/inverses.js";
import { runExample } from "../examples/usage-error.js";
import { makeBatch, makeNetwork, WIDTHS } from "./autoencoder.js";
import { layerSizes, paperSchedule } from "./iteration-counts.js";
import { isBusy, measurePeak } from "./peak.js";
import { cpuPlace, wasmPlace } from "./places.js";
import { floorOf } from "./profiling/floor.js";
import { parseProfileOptions, type ProfileOptions } from "./profiling/options.js";
import { Recorder } from "./profiling/recorder.js";
import { describeProfile } from "./profiling/report.js";
import { stagedInverse, stagedLoss, stagedModel, stagedSweeps } from "./profiling/stages.js";
import { profilingBackend } from "./profiling-backend.js";

/** K-FAC inverts in each of its first three iterations, which no later cycle repeats. */
const WARM_UP = 5;

await runExample(async () => {
  const options = parseProfileOptions(process.argv.slice(2));
  process.stdout.write("help" in options ? options.help : await profile(options));
});

/** Trains for some iterations with everything recorded, and describes the average one. */
async function profile({ optimizer: name, inverse, backend, threads, iterations }: ProfileOptions): Promise<string> {
  const place = backend === "cpu" ? cpuPlace() : wasmPlace(threads);
  const recorder = new Recorder();
  const profiled: Backend = profilingBackend(place.backend, recorder);
  using batch = makeBatch(profiled, paperSchedule.batch);
  using net = makeNetwork(profiled);
  using _sweeps = stagedSweeps(recorder);
  using optimizer = make(name, stagedModel(net, recorder), stagedLoss(loss, recorder), {
    ...paper,
    lambda: 5,
    inverse: stagedInverse(inverses[inverse], recorder),
  });

  for (let k = 0; k < WARM_UP; k++) await optimizer.step(batch);
  const before = measurePeak("float32");
  recorder.reset();
  for (let k = 0; k < iterations; k++) await optimizer.step(batch);
  const floor = floorOf(name, inverse, layerSizes(WIDTHS));
  const recorded = recorder.snapshot();
  const peak = Math.max(before, measurePeak("float32"));
  const busy = isBusy(peak, "float32") ? " · busy machine" : "";
  return describeProfile({
    title: `${name}${name === "kfac" ? ` (${inverse})` : ""}, batch ${paperSchedule.batch}, ${place.name} (${place.module})${busy}`,
    recorded,
    iterations,
    floor,
    peakGflops: peak * place.threads,
  });
}

function make(
  name: ProfileOptions["optimizer"],
  model: Model,
  ofModel: Loss,
  options: ConstructorParameters<typeof Kfac>[2],
): Optimizer {
  switch (name) {
    case "kfac":
      return new Kfac(model, ofModel, options);
    case "adam":
      return new Adam(model, ofModel, { eta: paper.eta });
    case "sgd":
      return new Sgd(model, ofModel, { learningRate: 1e-3, momentum: 0.9, nesterov: true, eta: paper.eta });
  }
}

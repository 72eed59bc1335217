import {
  batches,
  evaluate,
  exponentialSchedule,
  read,
  tensor,
  type BatchOptions,
  type Data,
  type Network,
  type Optimizer,
} from "kronfac";
import type { Contender } from "../contender.js";
import { oneOfEachClass, select, type Images } from "../data/images.js";
import type { Goal } from "../report/progress.js";
import { describeBackend } from "../backend.js";
import { prepare } from "../optimizers.js";
import { isEvaluated, type Run, type TraceStep } from "../report/trace.js";
import { atAverage, trainUntil } from "../training.js";
import { autoencoder, loss, widthsOf } from "./autoencoder.js";
import type { OptimizerName } from "./options.js";
import { resume, saveTo } from "./checkpoints.js";
import { initializers, type Settings } from "./settings.js";

/** What every optimizer trains on. */
export interface Task {
  readonly images: Images;
  readonly settings: Settings;
  readonly quiet: boolean;
  /** Ends a run after the iteration it is in. */
  readonly signal: AbortSignal;
}

/** A run, and what its network makes of one image of each class. */
export interface Trained {
  readonly run: Run;
  /** Of training alone, as in the trace. */
  readonly seconds: number;
  /** [classes, width · height] */
  readonly reconstructions: Float32Array;
}

/**
 * Trains the autoencoder with one optimizer until its goal, a NumericalError or the signal. The start and the minibatches
 * depend on the seed alone, so they are the same for every optimizer (but for K-FAC's where its batches grow). No tensor
 * outlives the call.
 */
export async function train(
  contender: Contender<OptimizerName>,
  goal: Goal,
  { images, settings, quiet, signal }: Task,
): Promise<Trained> {
  const { layers, batch: size, schedule: full, seed, dtype, backend, initialize } = settings;
  const pixels = images.width * images.height;
  using x = tensor(images.pixels, { shape: [images.count, pixels], dtype, backend });
  const data = { inputs: x, targets: x };
  using net = autoencoder(pixels, layers, { seed, dtype, backend, initialize: initializers[initialize] });
  const { optimizer, own } = prepare(contender, net, loss, settings);
  using _ = optimizer;
  await resume(settings.checkpoints, net, optimizer, goal);
  const resumedAt = optimizer.iteration;
  const { save, saveEvery } = settings.checkpoints;
  const grows = contender.family === "kfac" && full !== undefined;
  const sizes: BatchOptions = grows ? { schedule: exponentialSchedule(images.count, { first: size, full }) } : { size };

  const { steps, seconds, ended } = await trainUntil({
    name: contender.name,
    optimizer,
    minibatches: batches(data, { ...sizes, seed, from: resumedAt + 1 }),
    goal,
    isDue: ({ iteration }) => isEvaluated(iteration),
    evaluate: async () => ({ ...(await evaluated(net, data)), ...(await averaged(net, data, optimizer)) }),
    quiet,
    signal,
    afterStep: async ({ iteration }) => {
      if (saveEvery !== undefined && iteration % saveEvery === 0) await saveTo(save, net, optimizer);
    },
  });
  await saveTo(save, net, optimizer);
  return {
    run: {
      optimizer: contender.name,
      settings: {
        ...{
          data: images.name,
          layers: widthsOf(pixels, layers),
          initialize,
          batch: size,
          ...(grows && { "whole set from iteration": full }),
          seed,
          dtype,
          backend: describeBackend(backend),
          ...(resumedAt > 0 && { "resumed after iteration": resumedAt }),
        },
        ...own,
      },
      steps,
      ...(ended !== undefined && { ended }),
    },
    seconds,
    reconstructions: await reconstruct(net, images),
  };
}

/** On the whole training set, at θ. */
async function evaluated(net: Network, data: Data): Promise<Partial<TraceStep>> {
  const { loss: trainingLoss, squaredError } = await evaluate(net, loss, data);
  return { trainingLoss, squaredError };
}

/** The same at θ̄ (§13), where the optimizer averages. */
async function averaged(net: Network, data: Data, optimizer: Optimizer): Promise<Partial<TraceStep>> {
  return atAverage(optimizer, async (weights) => {
    const at = await evaluate(net, loss, data, weights);
    return { averagedTrainingLoss: at.loss, averagedSquaredError: at.squaredError };
  });
}

/** σ(z) of one image of each class: the means of the pixels. */
async function reconstruct(net: Network, images: Images): Promise<Float32Array> {
  const chosen = oneOfEachClass(images);
  const { dtype, backend } = net;
  using x = tensor(select(images, chosen), { shape: [chosen.length, images.width * images.height], dtype, backend });
  using predicted = net.predict(x, loss);
  return Float32Array.from(await read(predicted));
}

import { batches, evaluate, tensor, type Data, type KfacOptions, type Network } from "kronfac";
import { classifier, loss } from "../classifier.js";
import { kfacContenders, type Contender } from "../contender.js";
import type { Images } from "../data/images.js";
import type { Split } from "../data/load.js";
import { inverses } from "../autoencoder/inverses.js";
import { describeBackend } from "../backend.js";
import { prepare } from "../optimizers.js";
import type { Goal } from "../report/progress.js";
import type { Run, TraceStep } from "../report/trace.js";
import { atAverage, trainUntil } from "../training.js";
import type { Backend, Tensor } from "kronfac";
import type { Options, OptimizerName } from "./options.js";

/** What every contender trains on. */
export interface Task {
  readonly split: Split;
  readonly hidden: readonly number[];
  readonly options: Options;
  readonly backend: Backend;
  readonly signal: AbortSignal;
}

export interface Trained {
  readonly run: Run;
  readonly seconds: number;
}

export const CLASSES = 10;

/** Weight decay, of every optimizer. */
const ETA = 1e-5;

/** The training loss is that of so many images at most: the first. */
export const EVALUATED = 10_000;

/** Who trains a network: of those asked for, each inverse of K-FAC, and the natural gradient where F is small enough. */
export function contendersFor(options: Options, { natural }: { natural: boolean }): Contender<OptimizerName>[] {
  const { optimizers, inverses: names, withoutMomentum, lambda, seed } = options;
  const kfac: KfacOptions = { eta: ETA, seed, ...(lambda !== undefined && { lambda }) };
  return optimizers.flatMap((family): Contender<OptimizerName>[] => {
    if (family === "kfac") return kfacContenders(kfac, inverses, { inverses: names, withoutMomentum });
    return family === "natural" && !natural ? [] : [{ family, name: family }];
  });
}

/**
 * Trains a classifier until the goal, a NumericalError or the signal. The start and the minibatches depend on the seed alone. No
 * tensor outlives the call.
 */
export async function train(contender: Contender<OptimizerName>, goal: Goal, task: Task): Promise<Trained> {
  const { split, hidden, options, backend, signal } = task;
  const { batch, seed, learningRate, naturalLambda, quiet } = options;
  const widths = [split.training.width * split.training.height, ...hidden, CLASSES];
  using training = dataOf(split.training, backend);
  using shown = dataOf(firstOf(split.training, EVALUATED), backend);
  using heldOut = dataOf(split.heldOut, backend);
  using net = classifier(widths, { seed, backend });
  const { optimizer, own } = prepare(contender, net, loss, { learningRate, naturalLambda, eta: ETA });
  using _ = optimizer;

  const size = Math.min(batch, split.training.count);
  const { steps, seconds, ended } = await trainUntil({
    name: contender.name,
    optimizer,
    minibatches: batches(training, { size, seed }),
    goal,
    isDue: spaced(),
    evaluate: async () => ({
      ...(await evaluated(net, shown, heldOut)),
      ...(await atAverage(optimizer, (weights) => averaged(net, shown, heldOut, weights))),
    }),
    quiet,
    signal,
  });
  const settings = {
    data: split.training.name,
    layers: widths,
    batch: size,
    seed,
    dtype: net.dtype,
    backend: describeBackend(backend),
  };
  return {
    run: { optimizer: contender.name, settings: { ...settings, ...own }, steps, ...(ended !== undefined && { ended }) },
    seconds,
  };
}

/** Iterations 1, 2, 3, 4, 5, 7, 9, 12, …: each a quarter further than the last, so that every course has a few dozen at most. */
function spaced(): (step: TraceStep) => boolean {
  let next = 1;
  return ({ iteration }) => {
    if (iteration < next) return false;
    next = Math.ceil(iteration * 1.25);
    if (next === iteration) next++;
    return true;
  };
}

async function evaluated(net: Network, training: Data, heldOut: Data): Promise<Partial<TraceStep>> {
  const { loss: trainingLoss } = await evaluate(net, loss, training);
  const { loss: heldOutLoss, errorRate: heldOutError } = await evaluate(net, loss, heldOut);
  return { trainingLoss, heldOutLoss, heldOutError };
}

async function averaged(
  net: Network,
  training: Data,
  heldOut: Data,
  weights: readonly Tensor[],
): Promise<Partial<TraceStep>> {
  const { loss: averagedTrainingLoss } = await evaluate(net, loss, training, weights);
  const { loss: averagedHeldOutLoss, errorRate } = await evaluate(net, loss, heldOut, weights);
  return { averagedTrainingLoss, averagedHeldOutLoss, averagedHeldOutError: errorRate };
}

function dataOf({ pixels, labels, count, width, height }: Images, backend: Backend): Data & Disposable {
  const inputs = tensor(pixels, { shape: [count, width * height], backend });
  const targets = tensor(labels, { backend });
  return {
    inputs,
    targets,
    [Symbol.dispose]() {
      inputs.dispose();
      targets.dispose();
    },
  };
}

function firstOf(images: Images, count: number): Images {
  const kept = Math.min(count, images.count);
  return {
    ...images,
    count: kept,
    pixels: images.pixels.subarray(0, kept * images.width * images.height),
    labels: images.labels.subarray(0, kept),
  };
}

import { setImmediate as othersTurn } from "node:timers/promises";
import { batches, disposeAll, evaluate, NumericalError, read, tensor, type Network, type StepReport } from "kronfac";
import { oneOfEachClass, select, type Images } from "../data/images.js";
import { nameOf } from "../report/report.js";
import { isEvaluated, type Run, type TraceStep } from "../report/trace.js";
import { autoencoder, loss, widthsOf } from "./autoencoder.js";
import { prepare } from "./optimizers.js";
import type { OptimizerName } from "./options.js";
import { progress, type Goal } from "../report/progress.js";
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
 * depend on the seed alone, so they are the same for every optimizer. No tensor outlives the call.
 */
export async function train(
  name: OptimizerName,
  goal: Goal,
  { images, settings, quiet, signal }: Task,
): Promise<Trained> {
  const { layers, batch: size, seed, dtype, backend, initialize } = settings;
  const pixels = images.width * images.height;
  using x = tensor(images.pixels, { shape: [images.count, pixels], dtype, backend });
  const data = { inputs: x, targets: x };
  using net = autoencoder(pixels, layers, { seed, dtype, backend, initialize: initializers[initialize] });
  const { optimizer, own } = prepare(name, net, settings);
  using _ = optimizer;
  const minibatches = batches(data, { size, seed });

  const steps: TraceStep[] = [];
  let seconds = 0;
  let ended: string | undefined;
  const reached = () => ("iterations" in goal ? steps.length >= goal.iterations : seconds >= goal.seconds);
  const shown = progress(nameOf(name), goal, { quiet });
  try {
    do {
      const started = performance.now();
      const minibatch = minibatches.next().value;
      const report = await optimizer.step(minibatch).finally(() => disposeAll(minibatch));
      seconds += (performance.now() - started) / 1000;
      const step = traced(report, seconds);
      steps.push(step);
      shown.update(step);
      if (isEvaluated(step.iteration) || reached()) {
        const { loss: trainingLoss, squaredError } = await evaluate(net, loss, data);
        steps[steps.length - 1] = { ...step, trainingLoss, squaredError };
      }
      await othersTurn(); // Ctrl-C's and the bar's: a backend that never waits would keep them out
    } while (!reached() && !signal.aborted);
  } catch (error) {
    if (!(error instanceof NumericalError)) throw error;
    ended = error.message;
  } finally {
    shown.stop();
  }
  return {
    run: {
      optimizer: name,
      settings: {
        ...{
          data: images.name,
          layers: widthsOf(pixels, layers),
          initialize,
          batch: size,
          seed,
          dtype,
          backend: backend.name,
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

/** An ordinary step has no events, and the trace none of them. */
function traced({ iteration, loss, alpha, mu, lambda, gamma, rho, events }: StepReport, seconds: number): TraceStep {
  return {
    iteration,
    seconds,
    loss,
    ...(alpha !== undefined && { alpha }),
    ...(mu !== undefined && { mu }),
    ...(lambda !== undefined && { lambda }),
    ...(gamma !== undefined && { gamma }),
    ...(rho !== undefined && { rho }),
    ...(events.length > 0 && { events }),
  };
}

/** σ(z) of one image of each class: the means of the pixels. */
async function reconstruct(net: Network, images: Images): Promise<Float32Array> {
  const chosen = oneOfEachClass(images);
  const { dtype, backend } = net;
  using x = tensor(select(images, chosen), { shape: [chosen.length, images.width * images.height], dtype, backend });
  using predicted = net.predict(x, loss);
  return Float32Array.from(await read(predicted));
}

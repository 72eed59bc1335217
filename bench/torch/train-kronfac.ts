import { setImmediate as othersTurn } from "node:timers/promises";
import {
  Adam,
  evaluate,
  gather,
  Kfac,
  paper,
  tensor,
  type Data,
  type Network,
  type Optimizer,
  type Tensor,
} from "../../src/index.js";
import { loss } from "../../examples/autoencoder/autoencoder.js";
import { tuned } from "../../examples/autoencoder/presets.js";
import type { Images } from "../../examples/data/images.js";
import { EVERY, type Evaluation, type Outcome } from "./evaluations.js";
import type { TorchOptions } from "./options.js";
import type { Start } from "./start.js";

/** Iterations of a network that is thrown away, in which V8 compiles the kernels. */
const WARM_UP = 2;

/** Trains with kronfac until the target or the last iteration; evaluation is not timed. */
export async function trainKronfac(
  name: "kfac" | "adam",
  makeNetwork: () => Network,
  images: Images,
  start: Start,
  options: TorchOptions,
): Promise<Outcome> {
  using net = makeNetwork();
  using inputs = tensor(images.pixels, { shape: [images.count, images.width * images.height], backend: net.backend });
  {
    using spare = makeNetwork();
    using optimizer = optimizerFor(name, spare, options);
    for (let k = 0; k < WARM_UP; k++) await step(optimizer, inputs, start.minibatch(k));
  }
  using optimizer = optimizerFor(name, net, options);
  const evaluations: Evaluation[] = [];
  let seconds = 0;
  for (let iteration = 1; iteration <= options.iterations; iteration++) {
    const started = performance.now();
    await step(optimizer, inputs, start.minibatch(iteration - 1));
    seconds += (performance.now() - started) / 1000;
    if (iteration % EVERY[name] === 0 || iteration === options.iterations) {
      const { loss: mean } = await evaluate(net, loss, { inputs, targets: inputs });
      evaluations.push({ iteration, seconds, loss: mean });
      if (mean <= options.target) break;
    }
    await othersTurn();
  }
  return { trainer: `kronfac-${name}`, evaluations };
}

/** K-FAC as `npm start` has it. */
function optimizerFor(
  name: "kfac" | "adam",
  net: Network,
  { lambda = tuned.lambda, modelFraction = tuned.modelFraction, seed }: TorchOptions,
): Optimizer {
  if (name === "adam") return new Adam(net, loss, { learningRate: 1e-3, eta: paper.eta });
  return new Kfac(net, loss, { ...tuned, lambda, modelFraction, seed });
}

async function step(optimizer: Optimizer, inputs: Tensor, rows: Uint32Array): Promise<void> {
  using minibatch = gather(inputs, Array.from(rows));
  await optimizer.step({ inputs: minibatch, targets: minibatch } satisfies Data);
}

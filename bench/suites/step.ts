import { Adam, Kfac, paper, Sgd, type Network, type Optimizer } from "../../src/index.js";
import { loss } from "../../examples/autoencoder/autoencoder.js";
import { makeBatch, makeNetwork, WIDTHS } from "../autoencoder.js";
import type { Case, Work } from "../case.js";
import { firstOrderFlops, kfacFlops, layerSizes, paperSchedule, totalFlops } from "../iteration-counts.js";
import type { Place } from "../places.js";
import type { Coverage } from "../sizes.js";

const BATCH = paperSchedule.batch;
/** Iterations in which K-FAC does everything that it repeats: T₂ = T₃ = 20, and T₁ = 5 divides it. */
const CYCLE = paperSchedule.period;
/** K-FAC inverts in each of its first three iterations, which no later cycle repeats. */
const START = 5;
const SAMPLES = 3;

/** A whole iteration of training the autoencoder at batch 1000; K-FAC's is the mean over a cycle. n is the batch. */
export function steps({ places }: Coverage): Case[] {
  const layers = layerSizes(WIDTHS);
  const optimizers = [
    {
      operation: "sgd",
      cycle: 1,
      flops: firstOrderFlops(layers, BATCH),
      make: (net: Network) => new Sgd(net, loss, { learningRate: 1e-3, momentum: 0.9, nesterov: true, eta: 1e-5 }),
    },
    {
      operation: "adam",
      cycle: 1,
      flops: firstOrderFlops(layers, BATCH),
      make: (net: Network) => new Adam(net, loss, { eta: 1e-5 }),
    },
    {
      operation: "kfac",
      cycle: CYCLE,
      flops: totalFlops(kfacFlops(layers)),
      make: (net: Network) => new Kfac(net, loss, { ...paper, lambda: 5 }),
    },
  ];
  return places
    .filter(({ name }) => name !== "cpu")
    .flatMap((place) =>
      optimizers.map(({ operation, cycle, flops, make }) => ({
        ...{ suite: "step", operation, n: BATCH, dtype: "float32" as const, place, flops },
        units: cycle,
        limits: { minSamples: SAMPLES },
        prepare: () => training(place, make, cycle),
      })),
    );
}

function training({ backend }: Place, make: (net: Network) => Optimizer, cycle: number): Work {
  const batch = makeBatch(backend, BATCH);
  const net = makeNetwork(backend);
  const optimizer = make(net);
  const iterate = async (count: number) => {
    let total = 0;
    for (let k = 0; k < count; k++) total += (await optimizer.step(batch)).loss;
    return total;
  };
  return {
    run: () => iterate(cycle),
    warmUp: () => iterate(START),
    [Symbol.dispose]: () => {
      optimizer[Symbol.dispose]();
      net.dispose();
      batch[Symbol.dispose]();
    },
  };
}

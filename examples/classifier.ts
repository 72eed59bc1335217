import {
  dense,
  evaluate,
  identity,
  Kfac,
  network,
  softmaxCrossEntropy,
  tanh,
  type Data,
  type Network,
  type NetworkOptions,
} from "kronfac";

/** −log P(y|x) of a softmax over the classes. */
export const loss = softmaxCrossEntropy;

/** tanh units between an image and its class, as in §3 of the paper: 256-20-20-20-20-20-10. The softmax belongs to the loss. */
export function classifier(widths: readonly number[], options: NetworkOptions): Network {
  const last = widths.length - 1;
  return network(
    widths.slice(1).map((width, i) => dense(widths[i], width, i + 1 === last ? identity : tanh)),
    options,
  );
}

export interface PartlyTrained {
  readonly iterations: number;
  readonly loss: number;
  readonly errorRate: number;
  /** The γ that K-FAC had come to. */
  readonly gamma: number;
}

/** Iterations of batch K-FAC (a whole data set a step) until the training error is below `errorBelow`. */
export async function trainPartly(
  net: Network,
  data: Data,
  { errorBelow, atMost, seed }: { errorBelow: number; atMost: number; seed: number },
): Promise<PartlyTrained> {
  using kfac = new Kfac(net, loss, { seed });
  for (;;) {
    await kfac.step(data);
    const { loss: trainingLoss, errorRate } = await evaluate(net, loss, data);
    if (errorRate < errorBelow || kfac.iteration === atMost)
      return { iterations: kfac.iteration, loss: trainingLoss, errorRate, gamma: kfac.gamma };
  }
}

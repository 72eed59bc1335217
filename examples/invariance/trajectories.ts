import {
  blockDiagonal,
  blockTridiagonal,
  evaluate,
  ExactNaturalGradient,
  Kfac,
  paper,
  read,
  Sgd,
  squaredError,
  tensor,
  type KfacOptions,
  type Network,
  type Optimizer,
  type Tensor,
} from "kronfac";
import { reparameterised, transformInputs, type Reparameterisation } from "./reparameterise.js";

/** Half the squared distance of an output from its target: Gaussian outputs, whose factors are not singular. */
export const loss = squaredError;

/** The longest step of K-FAC as δᵀFδ, which is the same under all parameters: undamped, it would go too far at first. */
export const LONGEST = 0.1;

/** K-FAC without any damping, with exact expectations: what §10 speaks of. */
const undamped: KfacOptions = {
  ...paper,
  fisher: "exact",
  lambda: 0,
  gamma: 0,
  eta: 0,
  adaptLambdaEvery: 0,
  adaptGammaEvery: 0,
  invertEvery: 1,
  statisticsFraction: 1,
  modelFraction: 1,
  normConstraint: LONGEST,
};

/** The learning rates of the two that have one. */
export const RATES = { natural: 0.2, sgd: 0.2 } as const;

export const methods: Readonly<Record<string, (net: Network) => Optimizer & Disposable>> = {
  "natural gradient": (net) => new ExactNaturalGradient(net, loss, { learningRate: RATES.natural }),
  "K-FAC, block-diagonal": (net) => new Kfac(net, loss, { ...undamped, inverse: blockDiagonal }),
  "K-FAC, block-tridiagonal": (net) => new Kfac(net, loss, { ...undamped, inverse: blockTridiagonal }),
  SGD: (net) => new Sgd(net, loss, { learningRate: RATES.sgd }),
};

/** One optimizer on one description of the network, from the same function. */
export interface Trajectory {
  readonly parameters: string;
  /** Before the first iteration, and after each. */
  readonly losses: readonly number[];
  /** ‖f† − f‖ / ‖f‖ over the outputs of all cases after each iteration, f those of the first description. */
  readonly gaps: readonly number[];
}

export interface Problem {
  readonly widths: readonly number[];
  /** Of the network of sigmoid units. */
  readonly weights: readonly Tensor[];
  /** [m, d], row-major. */
  readonly inputs: Float64Array;
  readonly targets: Tensor;
  readonly iterations: number;
}

/** The trajectories of one method under every description; the first is what the others are compared with. */
export async function trajectories(
  make: (net: Network) => Optimizer & Disposable,
  problem: Problem,
  descriptions: readonly Reparameterisation[],
): Promise<Trajectory[]> {
  const found: Trajectory[] = [];
  let first: readonly Float64Array[] | undefined;
  for (const description of descriptions) {
    const { losses, outputs } = await follow(make, problem, description);
    first ??= outputs;
    const gaps = outputs.map((f, k) => relativeDistance(f, (first ?? outputs)[k]));
    found.push({ parameters: description.name, losses, gaps });
  }
  return found;
}

async function follow(
  make: (net: Network) => Optimizer & Disposable,
  { widths, weights, inputs, targets, iterations }: Problem,
  description: Reparameterisation,
): Promise<{ losses: number[]; outputs: Float64Array[] }> {
  const { dtype, backend } = targets;
  const x = transformInputs(inputs, widths[0], description.inputs);
  using xs = tensor(x, { shape: [targets.shape[0], widths[0]], dtype, backend });
  using net = reparameterised(widths, weights, description);
  using optimizer = make(net);
  const data = { inputs: xs, targets };
  const losses: number[] = [];
  const outputs: Float64Array[] = [];
  for (let k = 0; ; k++) {
    losses.push((await evaluate(net, loss, data)).loss);
    using z = net.predict(xs);
    outputs.push(Float64Array.from(await read(z)));
    if (k === iterations) return { losses, outputs };
    await optimizer.step(data);
  }
}

function relativeDistance(x: Float64Array, y: Float64Array): number {
  let [difference, size] = [0, 0];
  y.forEach((value, i) => {
    difference += (x[i] - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(difference / size);
}

import { tanh } from "../../src/autodiff/index.js";
import type { Data } from "../../src/network/batches.js";
import { dense, type Activation } from "../../src/network/layer.js";
import type { Initialize } from "../../src/network/initialize.js";
import type { Loss } from "../../src/network/loss.js";
import { network, type Network } from "../../src/network/network.js";
import { squaredError } from "../../src/network/squaredError.js";
import type { Backend } from "../../src/tensor/backend.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import { tensor } from "../../src/tensor/create.js";
import type { DType } from "../../src/tensor/dtype.js";
import { stream } from "../../src/tensor/random.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { float64Places, type Place } from "./backends.js";
import type { Matrix } from "./dense.js";

/**
 * Where the laws of networks and K-FAC are checked: plainly, and on the last of the fast backends. The operations that they are made
 * of have their own suite on every backend.
 */
export const lawPlaces: readonly Place[] = [...new Set([float64Places[0], float64Places[float64Places.length - 1]])];

/** A small network with data to train it on. */
export interface Problem {
  readonly net: Network;
  readonly loss: Loss;
  readonly data: Data;
}

export interface ProblemOptions {
  /** d₀, …, dℓ */
  readonly sizes?: readonly number[];
  /** Of every layer but the last, which is linear. */
  readonly activation?: Activation;
  readonly loss?: Loss;
  readonly cases?: number;
  readonly seed?: number;
  readonly backend?: Backend;
  readonly dtype?: DType;
}

export const identityActivation: Activation = (s) => s;

/** Weights and biases N(0, 1/√columns). */
export const normalWeights: Initialize = ([dOut, columns], random) =>
  random.normal(dOut * columns).map((w) => w / Math.sqrt(columns));

/** A network with random weights and biases, normal inputs, and targets that suit the loss. */
export function problem({
  sizes = [3, 4, 2],
  activation = tanh,
  loss = squaredError,
  cases = 7,
  seed = 1,
  backend = cpu(),
  dtype = "float64",
}: ProblemOptions = {}): Problem {
  const last = sizes.length - 2;
  const layers = sizes
    .slice(1)
    .map((d, i) => dense(sizes[i], d, i === last ? identityActivation : activation, normalWeights));
  const net = network(layers, { seed, backend, dtype });
  const place = { backend, dtype };
  const inputs = normalTensor([cases, sizes[0]], seed + 1000, place);
  return { net, loss, data: { inputs, targets: targetsFor(loss, [cases, sizes[last + 1]], seed + 2000, place) } };
}

/** N(0, 1) elements. */
export function normalTensor(
  shape: readonly number[],
  seed: number,
  { backend = cpu(), dtype = "float64" }: { backend?: Backend; dtype?: DType } = {},
): Tensor {
  const count = shape.reduce((product, length) => product * length, 1);
  return tensor(stream(seed).normal(count), { shape, backend, dtype });
}

/** Targets of the loss: probabilities for the cross-entropies, any numbers otherwise. */
export function targetsFor(
  loss: Loss,
  [m, k]: readonly [number, number],
  seed: number,
  place: { backend?: Backend; dtype?: DType } = {},
): Tensor {
  const { backend = cpu(), dtype = "float64" } = place;
  if (loss.name === "squaredError") return normalTensor([m, k], seed, place);
  const values = stream(seed).uniform(m * k);
  if (loss.name === "softmaxCrossEntropy")
    for (let n = 0; n < m; n++) {
      const row = values.subarray(n * k, (n + 1) * k);
      const total = row.reduce((sum, value) => sum + value, 0);
      row.forEach((value, c) => (row[c] = value / total));
    }
  return tensor(values, { shape: [m, k], backend, dtype });
}

/** A direction in the network's parameters: N(0, 1) elements. */
export function direction(net: Network, seed: number): Tensor[] {
  return net.weights.map((W, i) => normalTensor(W.shape, seed * 100 + i, W));
}

/** Rows of numbers as a tensor, of another shape where one is given. */
export function tensorOf(
  A: Matrix,
  place: { readonly backend?: Backend; readonly dtype?: DType } = {},
  shape: readonly number[] = [A.length, A[0].length],
): Tensor {
  return tensor(Float64Array.from(A.flat()), {
    shape,
    backend: place.backend ?? cpu(),
    dtype: place.dtype ?? "float64",
  });
}

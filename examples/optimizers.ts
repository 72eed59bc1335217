import { Adam, ExactNaturalGradient, Kfac, Sgd, type Loss, type Model, type Resumable } from "kronfac";
import { nameOfInverse } from "./autoencoder/inverses.js";
import type { Contender } from "./contender.js";
import type { Setting } from "./report/trace.js";

export type Family = "kfac" | "natural" | "adam" | "sgd";

/** Of SGD, in Nesterov's form. On the autoencoder at rate 0.003, the loss after 200 iterations was 183 with 0.9, 208 with 0.99. */
const MOMENTUM = 0.9;

/** An optimizer with the settings of its own, as the report shows them. */
export interface Prepared {
  readonly optimizer: Resumable;
  readonly own: Readonly<Record<string, Setting>>;
}

export interface Rates {
  readonly learningRate: Readonly<Partial<Record<Exclude<Family, "kfac">, number>>>;
  /** λ of the natural gradient. */
  readonly naturalLambda?: number;
  /** Of all but K-FAC, which has it among its own options. */
  readonly eta: number;
}

/** @throws RangeError where the contender's learning rate is missing */
export function prepare(
  { family, kfac }: Contender<Family>,
  model: Model,
  loss: Loss,
  { learningRate, naturalLambda: lambda = 0, eta }: Rates,
): Prepared {
  switch (family) {
    case "kfac": {
      const optimizer = new Kfac(model, loss, kfac);
      return { optimizer, own: shown(optimizer.options) };
    }
    case "natural": {
      const own = { learningRate: learningRate.natural ?? NaN, lambda, eta };
      return { optimizer: new ExactNaturalGradient(model, loss, own), own };
    }
    case "adam": {
      const own = { learningRate: learningRate.adam ?? NaN, beta1: 0.9, beta2: 0.999, eta };
      return { optimizer: new Adam(model, loss, own), own };
    }
    case "sgd": {
      const own = { learningRate: learningRate.sgd ?? NaN, momentum: MOMENTUM, nesterov: true, eta };
      return { optimizer: new Sgd(model, loss, own), own };
    }
  }
}

/** Infinity is no JSON, and a strategy is a function. */
function shown({ inverse, normConstraint, ...rest }: Kfac["options"]): Prepared["own"] {
  return {
    inverse: nameOfInverse(inverse),
    ...rest,
    normConstraint: normConstraint === Infinity ? "none" : normConstraint,
  };
}

import { add, trace } from "../autodiff/index.js";
import type { Loss } from "../network/loss.js";
import { largest, type DType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import type { KroneckerFactors } from "./factors.js";
import type { Iteration } from "./iteration.js";
import type { Pass } from "./objective.js";
import type { ResolvedOptions } from "./options.js";
import type { PreparedInverse } from "./preparedInverse.js";
import { modelProducts, readProducts, type Proposal } from "./proposal.js";
import {
  at,
  constrained,
  isRepresentable,
  minimiseModel,
  type ModelMinimum,
  type ModelProducts,
} from "./quadraticModel.js";
import type { Vector } from "./vectors.js";

/** All numbers that decide a step. */
export interface Readings {
  readonly loss: number;
  readonly objective: number;
  /** Of the batch, as in Pass. */
  readonly faults: number;
  /** Σ tr A + tr G: not finite where any of the statistics is not. */
  readonly statistics: number;
  /** What determines M, for every proposal. */
  readonly products: readonly ModelProducts[];
}

/** Reads everything that decides the step, in one wait: h, and M along every Δ and δ₀. */
export async function readModels(
  pass: Pass,
  loss: Loss,
  factors: KroneckerFactors,
  proposals: readonly Proposal<PreparedInverse>[],
  { previous, fraction }: { readonly previous: Vector | undefined; readonly fraction: number },
  iteration: Iteration,
): Promise<Readings> {
  const values: Record<string, number> = await iteration.read(
    iteration.memory.run(() => {
      const products = proposals.map(({ delta }) => modelProducts(pass, loss, delta, previous, fraction));
      const smallest = proposals.flatMap(({ inverse }) => inverse.smallest ?? []);
      return {
        loss: pass.loss,
        objective: pass.objective,
        faults: pass.faults,
        statistics: totalTrace(factors),
        ...prefixed(products),
        ...Object.fromEntries(smallest.map((t, i) => [`smallest.${i}`, t])),
      };
    }),
  );
  const { objective, faults, statistics } = values;
  const products = proposals.map((_, i) => readProducts(unprefixed(values, i)));
  return { loss: values.loss, objective, faults, statistics, products };
}

/** The proposal whose M is least, within the bound on δᵀFδ; or why none is usable. */
export function leastModel(
  proposals: readonly Proposal<PreparedInverse>[],
  products: readonly ModelProducts[],
  lambda: number,
  { eta, normConstraint }: Pick<ResolvedOptions, "eta" | "normConstraint">,
  dtype: DType,
): { proposal: Proposal<PreparedInverse>; minimum: ModelMinimum } | string {
  let best: { proposal: Proposal<PreparedInverse>; minimum: ModelMinimum } | undefined;
  let problem = "the quadratic model has no minimum along the proposed direction";
  proposals.forEach((proposal, i) => {
    const p = products[i];
    const free = p.delta === 0 ? at(p, 0, 0, lambda, eta) : minimiseModel(p, lambda, eta);
    const minimum = free && constrained(p, free, normConstraint, lambda, eta);
    if (minimum !== undefined && !isRepresentable(p, minimum, largest(dtype)))
      problem = `the minimum of the quadratic model is out of the range of ${dtype}`;
    else if (minimum !== undefined && !(minimum.change >= (best?.minimum.change ?? Infinity)))
      best = { proposal, minimum };
  });
  return best ?? problem;
}

/** Says what is not as in an ordinary step. */
export function noteMinimum({ alpha, collinear, nu }: ModelMinimum, iteration: Iteration): void {
  if (alpha === 0) iteration.note("stationary", "the gradient is zero: there is nothing to step along");
  if (collinear) iteration.note("momentum-dropped", "the new direction and the previous step are collinear");
  if (nu < 1) iteration.note("step-constrained", `the step was shortened to ${nu.toPrecision(3)} of its length`);
}

/** Σ tr A + tr G over the layers. */
export function totalTrace(factors: KroneckerFactors): Tensor {
  return factors.diagonal.flatMap(({ A, G }) => [trace(A), trace(G)]).reduce((a, b) => add(a, b));
}

function prefixed(products: readonly Readonly<Record<string, Tensor>>[]): Record<string, Tensor> {
  return Object.fromEntries(
    products.flatMap((of, i) => Object.entries(of).map(([name, scalar]) => [`${i}.${name}`, scalar])),
  );
}

function unprefixed(values: Readonly<Record<string, number>>, index: number): Record<string, number> {
  const prefix = `${index}.`;
  const own = Object.entries(values).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

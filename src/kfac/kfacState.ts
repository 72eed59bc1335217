import type { Loss } from "../network/loss.js";
import type { Model } from "../network/model.js";
import { share, type Tensor } from "../tensor/tensor.js";
import { factorsOf, type KroneckerFactors } from "./factors.js";
import { nameOfInverse } from "./inverseName.js";
import type { ResolvedOptions } from "./options.js";
import { namedTensors, optionsAsText, StateReader, type OptimizerState } from "./optimizerState.js";
import { prepareInverse, type PreparedInverse } from "./preparedInverse.js";
import type { Vector } from "./vectors.js";

/** What a step that led too far is undone with. */
export interface Undo {
  /** h before the step, on its batch. */
  readonly objective: number;
  /** θ before the step, and θ̄. */
  readonly weights: Vector;
  readonly average: Vector | undefined;
}

/** All that one step leaves to the next, besides θ. What is sampled depends on the seed and k alone. */
export interface KfacState {
  /** Steps taken. */
  readonly iteration: number;
  readonly lambda: number;
  readonly gamma: number;
  readonly factors: KroneckerFactors | undefined;
  /** The cached inverse, which may be of an earlier step's factors and λ. */
  readonly inverse: PreparedInverse | undefined;
  /** δ₀, the step before. */
  readonly previousStep: Vector | undefined;
  readonly undo: Undo | undefined;
  readonly average: Vector | undefined;
}

/** The state by name. An inverse of the current factors is saved without them. */
export function describeState(state: KfacState, loss: Loss, options: ResolvedOptions): OptimizerState {
  const { iteration, lambda, gamma, factors, inverse, previousStep, undo, average } = state;
  return {
    ...identity(loss, options),
    numbers: new Map([
      ...Object.entries({ iteration, lambda, gamma }),
      ...(inverse ? Object.entries({ "inverse.lambda": inverse.lambda, "inverse.gamma": inverse.gamma }) : []),
      ...(undo ? [["undo.objective", undo.objective] as const] : []),
    ]),
    tensors: new Map([
      ...(factors ? blocks("factors", factors) : []),
      ...(inverse && !sameFactors(inverse.factors, factors) ? blocks("inverse.factors", inverse.factors) : []),
      ...namedTensors({ previousStep, "undo.weights": undo?.weights, "undo.average": undo?.average, average }),
    ]),
  };
}

/**
 * The state that was described, its inverse prepared anew.
 * @throws RangeError or TypeError where it does not fit the model, the loss or the options; NumericalError where the inverse cannot be prepared.
 */
export function rebuildState(described: OptimizerState, model: Model, loss: Loss, options: ResolvedOptions): KfacState {
  const { weights } = model;
  const reader = new StateReader(described, identity(loss, options), weights);
  const iteration = reader.number("iteration", "an integer of at least 0", (x) => Number.isSafeInteger(x) && x >= 0);
  const damping = (name: string) => reader.number(name, "a number of at least 0", (x) => x >= 0);
  const calibrated = iteration > 0 || options.lambda !== "calibrate";
  const start = (name: string) => (calibrated ? damping(name) : reader.number(name, "a number", () => true));
  const [lambda, gamma] = [start("lambda"), start("gamma")];

  const factorsAt = (name: string) =>
    factorsOf(weights.length, options.inverse.pairs ?? "diagonal", (i, j) => {
      const [[rowsI, columnsI], [rowsJ, columnsJ]] = [weights[i].shape, weights[j].shape];
      return {
        A: reader.tensor(`${name}.${i}.${j}.A`, [columnsI, columnsJ]),
        G: reader.tensor(`${name}.${i}.${j}.G`, [rowsI, rowsJ]),
      };
    });
  const factors = iteration > 0 ? factorsAt("factors") : undefined;
  const source = reader.has("inverse.gamma") && {
    lambda: damping("inverse.lambda"),
    gamma: damping("inverse.gamma"),
    factors: factors === undefined || reader.has("inverse.factors") ? factorsAt("inverse.factors") : factors,
  };
  const vector = (name: string) => (reader.has(name) ? reader.vector(name) : undefined);
  const undo = reader.has("undo.objective")
    ? {
        objective: reader.number("undo.objective", "a finite number", Number.isFinite),
        weights: reader.vector("undo.weights"),
        average: vector("undo.average"),
      }
    : undefined;
  const [previousStep, average] = [vector("previousStep"), vector("average")];
  reader.finish();
  const inverse = source ? prepareInverse(source, options) : undefined;
  return { iteration, lambda, gamma, factors, inverse, previousStep, undo, average };
}

/** λ and γ of the options are only where it started. */
function identity({ name }: Loss, { inverse, lambda: _lambda, gamma: _gamma, ...rest }: ResolvedOptions) {
  return { optimizer: "kfac", options: optionsAsText({ loss: name, inverse: nameOfInverse(inverse), ...rest }) };
}

function blocks(name: string, factors: KroneckerFactors): [string, Tensor][] {
  const named: [string, Tensor][] = [];
  factors.mapBlocks((block, i, j) => {
    named.push([`${name}.${i}.${j}.A`, share(block.A)], [`${name}.${i}.${j}.G`, share(block.G)]);
    return block;
  });
  return named;
}

function sameFactors(a: KroneckerFactors, b: KroneckerFactors | undefined): boolean {
  return a.block(0, 0).A.storage === b?.block(0, 0).A.storage;
}

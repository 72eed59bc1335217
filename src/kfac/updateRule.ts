import { add, mul, sum } from "../autodiff/index.js";
import type { Data } from "../network/batches.js";
import { checkFaults } from "../network/faults.js";
import type { Loss } from "../network/loss.js";
import type { Model } from "../network/model.js";
import { zeros } from "../tensor/create.js";
import { NumericalError } from "../tensor/errors.js";
import { disposeAll, keep, scope } from "../tensor/scope.js";
import { checkOption } from "../network/checkOption.js";
import { Iteration } from "./iteration.js";
import { forwardBackward, type Pass } from "./objective.js";
import type { StepReport } from "./optimizer.js";
import { namedTensors, optionsAsText, StateReader, type OptimizerState, type Resumable } from "./optimizerState.js";
import { inner, type Vector } from "./vectors.js";

/** An optimizer's own state: directions, by name. */
export type RuleState<S extends string> = Readonly<Record<S, Vector>>;

/** What sets one rule apart from another. */
export interface Rule<S extends string> {
  readonly name: string;
  /** η: L2 regularisation. */
  readonly eta: number;
  /** The other options. */
  readonly options: object;
  /** The names of its state. */
  readonly state: readonly S[];
}

/** θ and the optimizer's own state after a step. */
export interface Update<S extends string> {
  readonly weights: Vector;
  readonly state: RuleState<S>;
  /** Averages of the squared gradient, whose infinity θ would not show: the step would be 0 for ever. */
  readonly guarded?: Vector;
}

/** An optimizer that is a rule: from h and ∇h on a batch, and the optimizer's own state, to new weights and new state. */
export abstract class UpdateRule<S extends string> implements Resumable {
  readonly model: Model;
  readonly #rule: Rule<S>;
  readonly #name: string;
  readonly #loss: Loss;
  readonly #eta: number;
  #iteration = 0;
  #state: RuleState<S> | undefined;
  #running = false;

  protected constructor(model: Model, loss: Loss, rule: Rule<S>) {
    const { name, eta } = rule;
    checkOption(name, "eta", eta, "a number of at least 0", (x) => x >= 0 && x < Infinity);
    this.model = model;
    this.#rule = rule;
    this.#name = name;
    this.#loss = loss;
    this.#eta = eta;
  }

  /** Steps taken. */
  get iteration(): number {
    return this.#iteration;
  }

  /** The k-th update, k = 1, 2, …, from the pass over the batch at θ. */
  protected abstract update(pass: Pass, state: RuleState<S> | undefined, k: number): Update<S>;

  /**
   * One iteration on a minibatch.
   * @throws NumericalError where the batch is at fault, or the step would make the weights or the objective infinite; nothing
   * changes then.
   */
  async step(batch: Data): Promise<StepReport> {
    if (this.#running) throw new Error(`${this.#name}: a step is still running; await it before the next`);
    this.#running = true;
    try {
      return await this.#step(batch);
    } finally {
      this.#running = false;
    }
  }

  /** All that the next steps depend on, besides the weights, in fresh handles. @throws Error while a step is running. */
  state(): OptimizerState {
    if (this.#running) throw new Error(`${this.#name}: a step is still running; await it before saving`);
    return {
      ...this.#identity(),
      numbers: new Map([["iteration", this.#iteration]]),
      tensors: namedTensors(this.#state ?? {}),
    };
  }

  /**
   * Goes on from a state; the weights are the caller's to set.
   * @throws RangeError or TypeError where it is that of other options or another model, Error while a step is running; nothing changes then.
   */
  restore(state: OptimizerState): void {
    if (this.#running) throw new Error(`${this.#name}: a step is still running; await it before restoring`);
    const next = keep(scope(() => this.#read(state)));
    this.dispose();
    this.#iteration = next.iteration;
    this.#state = next.own;
  }

  dispose(): void {
    disposeAll(this.#state);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #read(state: OptimizerState): { iteration: number; own: RuleState<S> | undefined } {
    const reader = new StateReader(state, this.#identity(), this.model.weights);
    const iteration = reader.number("iteration", "an integer of at least 0", (k) => Number.isSafeInteger(k) && k >= 0);
    const own = {} as Record<S, Vector>;
    if (iteration > 0) for (const name of this.#rule.state) own[name] = reader.vector(name);
    reader.finish();
    return { iteration, own: iteration > 0 ? own : undefined };
  }

  #identity() {
    const options = { loss: this.#loss.name, ...this.#rule.options, eta: this.#eta };
    return { optimizer: this.#name, options: optionsAsText(options) };
  }

  async #step(batch: Data): Promise<StepReport> {
    using iteration = new Iteration(this.#iteration + 1);
    const { k, memory } = iteration;
    const pass = memory.run(() => forwardBackward(this.model, this.#loss, batch, this.#eta));
    const { loss, objective, faults } = pass;
    let next: Update<S>;
    try {
      next = memory.run(() => this.update(pass, this.#state, k));
    } catch (error) {
      if (error instanceof NumericalError)
        checkFaults(this.#name, this.#loss, (await iteration.read({ faults })).faults);
      throw error;
    }
    const squaredNorm = memory.run(() => inner(next.weights, next.weights));
    const { guarded = [] } = next;
    const overflow = memory.run(() => guarded.map((x) => sum(mul(x, 0))).reduce((a, b) => add(a, b), zeros([], loss)));
    const numbers = await iteration.read({ loss, objective, faults, squaredNorm, overflow });
    checkFaults(this.#name, this.#loss, numbers.faults);
    if (!Number.isFinite(numbers.objective) || !Number.isFinite(numbers.squaredNorm))
      throw new NumericalError(
        `${this.#name}: iteration ${k} has objective ${numbers.objective} and would give weights of squared norm ${numbers.squaredNorm}; lower the learning rate`,
      );
    if (numbers.overflow !== 0)
      throw new NumericalError(
        `${this.#name}: the squared gradient of iteration ${k} is out of the range of ${loss.dtype}; scale the inputs or the initial weights down`,
      );
    memory.run(() => {
      this.model.setWeights(next.weights);
      const old = this.#state;
      this.#state = keep(next.state);
      disposeAll(old);
    });
    this.#iteration = k;
    return {
      iteration: k,
      loss: numbers.loss,
      objective: numbers.objective,
      waits: iteration.waits,
      events: iteration.events,
    };
  }
}

import type { Data } from "../network/batches.js";
import { checkFaults } from "../network/faults.js";
import type { Loss } from "../network/loss.js";
import type { Model } from "../network/model.js";
import { NumericalError } from "../tensor/errors.js";
import { disposeAll, keep } from "../tensor/scope.js";
import { checkOption } from "../network/checkOption.js";
import { Iteration } from "./iteration.js";
import { forwardBackward, type Pass } from "./objective.js";
import type { Optimizer, StepReport } from "./optimizer.js";
import { inner, type Vector } from "./vectors.js";

/** θ and the optimizer's own state after a step. */
export interface Update<S> {
  readonly weights: Vector;
  readonly state: S;
}

/** An optimizer that is a rule: from h and ∇h on a batch, and the optimizer's own state, to new weights and new state. */
export abstract class UpdateRule<S> implements Optimizer {
  readonly #name: string;
  readonly #model: Model;
  readonly #loss: Loss;
  readonly #eta: number;
  #iteration = 0;
  #state: S | undefined;
  #running = false;

  protected constructor(name: string, model: Model, loss: Loss, eta: number) {
    checkOption(name, "eta", eta, "a number of at least 0", (x) => x >= 0 && x < Infinity);
    this.#name = name;
    this.#model = model;
    this.#loss = loss;
    this.#eta = eta;
  }

  /** The k-th update, k = 1, 2, …, from the pass over the batch at θ. */
  protected abstract update(pass: Pass, state: S | undefined, k: number): Update<S>;

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

  dispose(): void {
    disposeAll(this.#state);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #step(batch: Data): Promise<StepReport> {
    using iteration = new Iteration(this.#iteration + 1);
    const { k, memory } = iteration;
    const pass = memory.run(() => forwardBackward(this.#model, this.#loss, batch, this.#eta));
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
    const numbers = await iteration.read({ loss, objective, faults, squaredNorm });
    checkFaults(this.#name, this.#loss, numbers.faults);
    if (!Number.isFinite(numbers.objective) || !Number.isFinite(numbers.squaredNorm))
      throw new NumericalError(
        `${this.#name}: iteration ${k} has objective ${numbers.objective} and would give weights of squared norm ${numbers.squaredNorm}; lower the learning rate`,
      );
    memory.run(() => {
      this.#model.setWeights(next.weights);
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

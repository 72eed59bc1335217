import type { Data } from "../network/batches.js";
import { BatchError } from "../network/faults.js";
import type { Loss } from "../network/loss.js";
import type { Model } from "../network/model.js";
import { NumericalError } from "../tensor/errors.js";
import { stream, type RandomStream } from "../tensor/random.js";
import { disposeAll, keep, scope } from "../tensor/scope.js";
import { share, type Tensor } from "../tensor/tensor.js";
import { adaptedLambda, gammaAfterRejection, gammaCandidates, raisedDamping } from "./adaptation.js";
import { initialLambda, meanCurvature } from "./calibration.js";
import { dampingRatios } from "./damping.js";
import { checkStart, Diverged } from "./divergence.js";
import type { KroneckerFactors } from "./factors.js";
import { Iteration } from "./iteration.js";
import { describeState, rebuildState, type KfacState, type Undo } from "./kfacState.js";
import { leastModel, noteMinimum, readModels, totalTrace } from "./leastModel.js";
import { forwardBackward, objectiveOf, type Pass } from "./objective.js";
import type { StepReport } from "./optimizer.js";
import type { OptimizerState, Resumable } from "./optimizerState.js";
import { resolveOptions, type KfacOptions, type ResolvedOptions } from "./options.js";
import { prepareInverse, type PreparedInverse } from "./preparedInverse.js";
import { propose, type Proposal } from "./proposal.js";
import type { ModelMinimum } from "./quadraticModel.js";
import { updatedStatistics } from "./statistics.js";
import { plus, scaled, type Vector } from "./vectors.js";

/** What a K-FAC step did; every field of a StepReport that concerns damping is there. */
export type KfacReport = StepReport & Required<Pick<StepReport, "alpha" | "mu" | "lambda" | "gamma">>;

/** How often one step may raise the damping tenfold before it gives up. */
const MAX_RAISES = 12;

/** The proposal to follow, and how far. */
interface Choice {
  readonly factors: KroneckerFactors;
  readonly proposal: Proposal<PreparedInverse>;
  readonly minimum: ModelMinimum;
  /** λ that M was minimised with. */
  readonly lambda: number;
  readonly loss: number;
  readonly objective: number;
}

/**
 * K-FAC (Algorithm 2). `step` is the algorithm, a stage a line; each stage recovers from its own failures and says so in the
 * report's events.
 */
export class Kfac implements Resumable {
  readonly options: ResolvedOptions;
  readonly model: Model;
  readonly #loss: Loss;
  readonly #random: RandomStream;
  #iteration = 0;
  #lambda: number;
  #gamma: number;
  #factors: KroneckerFactors | undefined;
  #inverse: PreparedInverse | undefined;
  /** δ₀, the step before. */
  #previousStep: Vector | undefined;
  #undo: Undo | undefined;
  #average: Vector | undefined;
  #running = false;

  /** @throws RangeError for an option out of range, or one that there is not. */
  constructor(model: Model, loss: Loss, options: KfacOptions = {}) {
    this.model = model;
    this.#loss = loss;
    this.options = resolveOptions(options);
    this.#random = stream(this.options.seed).split("fisher");
    this.#lambda = this.options.lambda === "calibrate" ? NaN : this.options.lambda;
    this.#gamma = this.options.gamma ?? Math.sqrt(this.#lambda + this.options.eta);
  }

  /** λ that the next step will use; NaN before it is calibrated. */
  get lambda(): number {
    return this.#lambda;
  }

  /** γ that the next step will use. */
  get gamma(): number {
    return this.#gamma;
  }

  /** Steps taken. */
  get iteration(): number {
    return this.#iteration;
  }

  /** Fresh handles on θ̄, the averaged weights (§13); the model's own before the first step, or without averaging. */
  get averagedWeights(): Tensor[] {
    return this.#average?.map(share) ?? [...this.model.weights];
  }

  /**
   * One iteration of Algorithm 2 on a minibatch S′.
   * @throws NumericalError where the batch holds NaN or targets that are none, or where no damping helps; RangeError where its
   * shapes do not fit. The model and the optimizer are then as they were before the call.
   */
  async step(batch: Data): Promise<KfacReport> {
    return this.#undoingDivergence(async (iteration) => {
      const { k, memory } = iteration;
      const pass = memory.run(() => forwardBackward(this.model, this.#loss, batch, this.options.eta)); // h, ∇h on S′
      const factors = memory.run(() => this.#updateStatistics(pass, k)); // Ā, G on S₁ (§5)
      await this.#calibrate(pass, factors, iteration); // λ₀, γ₀ in the first iteration
      const choice = await this.#chooseProposal(pass, factors, iteration); // Δ; α, μ and M(δ) on S₂; the best γ (§6.4, §6.6, §7)
      const step = memory.run(() => this.#combine(choice)); // δ = αΔ + μδ₀
      const next = memory.run(() => plus(pass.weights, step)); // θ + δ
      const rho = await this.#reductionRatio(pass, next, choice, iteration); // ρ (§6.5)
      const accepted = this.#accepts(rho, choice, iteration);
      this.#adaptLambda(rho); // (§6.5)
      memory.run(() => {
        this.#commit(pass, choice, accepted ? { step, next } : undefined); // θ ← θ + δ, δ₀ ← δ, k ← k + 1
      });
      const { loss, objective, minimum, lambda, proposal } = choice;
      return {
        iteration: k,
        loss,
        objective,
        alpha: accepted ? minimum.alpha : 0,
        mu: accepted ? minimum.mu : 0,
        lambda,
        gamma: proposal.gamma,
        ...(rho !== undefined && { rho }),
        waits: iteration.waits,
        events: iteration.events,
      };
    });
  }

  /** All that the next steps depend on, besides the weights, in fresh handles. @throws Error while a step is running. */
  state(): OptimizerState {
    if (this.#running) throw new Error("kfac: a step is still running; await it before saving");
    return describeState(this.#carried, this.#loss, this.options);
  }

  /**
   * Goes on from a state; the weights are the caller's to set.
   * @throws RangeError or TypeError where it is that of other options or another model, Error while a step is running; nothing changes then.
   */
  restore(state: OptimizerState): void {
    if (this.#running) throw new Error("kfac: a step is still running; await it before restoring");
    this.#carried = keep(scope(() => rebuildState(state, this.model, this.#loss, this.options)));
  }

  /** Frees the optimizer's tensors; the model keeps its own. */
  dispose(): void {
    disposeAll([this.#factors, this.#inverse, this.#previousStep, this.#undo, this.#average]);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What one step leaves to the next; setting it frees what was there. */
  get #carried(): KfacState {
    return {
      iteration: this.#iteration,
      lambda: this.#lambda,
      gamma: this.#gamma,
      factors: this.#factors,
      inverse: this.#inverse,
      previousStep: this.#previousStep,
      undo: this.#undo,
      average: this.#average,
    };
  }

  set #carried(next: KfacState) {
    this.dispose();
    this.#iteration = next.iteration;
    this.#lambda = next.lambda;
    this.#gamma = next.gamma;
    this.#factors = next.factors;
    this.#inverse = next.inverse;
    this.#previousStep = next.previousStep;
    this.#undo = next.undo;
    this.#average = next.average;
  }

  #updateStatistics(pass: Pass, k: number): KroneckerFactors {
    const { fisher, statisticsFraction, inverse } = this.options;
    return updatedStatistics(this.#factors, pass, this.#loss, k, {
      fisher,
      pairs: inverse.pairs ?? "diagonal",
      fraction: statisticsFraction,
      random: this.#random.split(k),
    });
  }

  async #calibrate(pass: Pass, factors: KroneckerFactors, iteration: Iteration): Promise<void> {
    if (!Number.isNaN(this.#lambda)) return;
    const { faults, objective } = pass;
    const curvature = iteration.memory.run(() => meanCurvature(factors));
    const read = await iteration.read({ faults, objective, curvature });
    await this.#checkStart(pass, read, iteration);
    const lambda = initialLambda(read.curvature);
    this.#lambda = lambda;
    this.#gamma = this.options.gamma ?? Math.sqrt(lambda + this.options.eta);
    iteration.note("calibrated", `lambda starts at ${lambda.toPrecision(3)}, the mean curvature on the first batch`);
  }

  /** The proposal with the least M(δ); damping is raised until there is one. */
  async #chooseProposal(pass: Pass, factors: KroneckerFactors, iteration: Iteration): Promise<Choice> {
    for (let raises = 0; ; raises++) {
      let problem: string;
      try {
        const proposals = iteration.memory.run(() => this.#propose(pass, factors, iteration.k, raises > 0));
        const choice = await this.#leastModel(pass, factors, proposals, iteration);
        if (typeof choice !== "string") return choice;
        problem = choice;
      } catch (error) {
        if (!(error instanceof NumericalError) || error instanceof BatchError || error instanceof Diverged) throw error;
        problem = error.message;
        factors = await this.#finiteFactors(pass, factors, iteration);
      }
      if (raises === MAX_RAISES)
        throw new NumericalError(`kfac: no damping up to gamma ${this.#gamma.toPrecision(3)} helps: ${problem}`);
      this.#raiseDamping(problem, iteration);
    }
  }

  /** Δ for the inverse at hand, or for fresh ones where they are due: at γ, or at its three candidates. */
  #propose(pass: Pass, factors: KroneckerFactors, k: number, force: boolean): Proposal<PreparedInverse>[] {
    const { inverse, invertEvery, adaptGammaEvery, eta, dampingNorm } = this.options;
    const searching = adaptGammaEvery > 0 && k % adaptGammaEvery === 0 && !inverse.ignoresGamma && !force;
    const due = force || k <= 3 || k % invertEvery === 0;
    if (!searching && !due && this.#inverse !== undefined) return [propose(pass, this.#gamma, this.#inverse)];
    const gammas = searching ? gammaCandidates(this.#gamma, eta, adaptGammaEvery) : [this.#gamma];
    const pi = dampingRatios(factors, dampingNorm);
    const lambda = this.#lambda;
    return gammas.map((gamma) => propose(pass, gamma, prepareInverse({ factors, gamma, lambda }, this.options, pi)));
  }

  /** Reads everything that decides the step, in one wait: h, and M along every Δ and δ₀. Or says why no proposal is usable. */
  async #leastModel(
    pass: Pass,
    factors: KroneckerFactors,
    proposals: readonly Proposal<PreparedInverse>[],
    iteration: Iteration,
  ): Promise<Choice | string> {
    const { momentum, modelFraction: fraction } = this.options;
    const previous = momentum ? this.#previousStep : undefined;
    const read = await readModels(pass, this.#loss, factors, proposals, { previous, fraction }, iteration);
    await this.#checkStart(pass, read, iteration);
    const { loss, objective, statistics, products } = read;
    const lambda = this.#lambda;
    const least = leastModel(proposals, products, lambda, this.options, pass.objective.dtype);
    if (typeof least === "string") return least;
    const { gamma } = least.proposal;
    if (proposals.length > 1)
      iteration.note("gamma-searched", `gamma ${this.#gamma.toPrecision(3)} → ${gamma.toPrecision(3)}`);
    noteMinimum(least.minimum, iteration);
    this.#gamma = gamma;
    return { ...least, lambda, loss, objective, factors: this.#finite(factors, statistics, iteration) };
  }

  /** @throws BatchError where the batch is at fault, Diverged where h is not finite, or the step before more than doubled it. */
  async #checkStart(pass: Pass, read: { faults: number; objective: number }, iteration: Iteration): Promise<void> {
    const { rejection, eta } = this.options;
    const undo = rejection ? this.#undo : undefined;
    await checkStart(read, pass, undo, { model: this.model, loss: this.#loss, eta }, iteration);
  }

  /** The same where an inverse failed, which may be why. @throws as #checkStart does. */
  async #finiteFactors(pass: Pass, factors: KroneckerFactors, iteration: Iteration): Promise<KroneckerFactors> {
    const { faults, objective } = pass;
    const statistics = iteration.memory.run(() => totalTrace(factors));
    const read = await iteration.read({ faults, objective, statistics });
    await this.#checkStart(pass, read, iteration);
    return this.#finite(factors, read.statistics, iteration);
  }

  /** The factors, or the ones before where this batch's are not finite. */
  #finite(factors: KroneckerFactors, statistics: number, iteration: Iteration): KroneckerFactors {
    if (Number.isFinite(statistics) || this.#factors === undefined) return factors;
    iteration.note("statistics-skipped", "the statistics of this batch are not finite; those before it are kept");
    return this.#factors;
  }

  #raiseDamping(problem: string, iteration: Iteration): void {
    const before = this.#gamma;
    const { lambda, gamma } = raisedDamping(this.#lambda, before);
    this.#lambda = lambda;
    this.#gamma = gamma;
    iteration.note(
      "damping-raised",
      `${problem}: gamma ${before.toPrecision(3)} → ${gamma.toPrecision(3)}, lambda ${lambda.toPrecision(3)}`,
    );
  }

  /** δ = αΔ + μδ₀ (§7) */
  #combine({ proposal, minimum: { alpha, mu } }: Choice): Vector {
    const along = scaled(proposal.delta, alpha);
    return mu === 0 || this.#previousStep === undefined ? along : plus(along, this.#previousStep, mu);
  }

  /** ρ = (h(θ + δ) − h(θ)) / (M(δ) − M(0)), every T₁ iterations (§6.5); NaN where h(θ + δ) is not finite. */
  async #reductionRatio(pass: Pass, next: Vector, choice: Choice, iteration: Iteration): Promise<number | undefined> {
    const { adaptLambdaEvery, dampedReduction, eta } = this.options;
    const { change, undampedChange } = choice.minimum;
    if (adaptLambdaEvery === 0 || iteration.k % adaptLambdaEvery !== 0 || change === 0) return undefined;
    const after = iteration.memory.run(() => objectiveOf(this.model, this.#loss, pass.batch, next, eta));
    const { objective } = await iteration.read({ objective: after });
    return (objective - choice.objective) / (dampedReduction ? change : undampedChange);
  }

  /** Whether the step stands: one that raised h, where that was measured, does not (if rejection is on). */
  #accepts(rho: number | undefined, choice: Choice, iteration: Iteration): boolean {
    if (rho === undefined || rho >= 0 || !this.options.rejection) return true;
    this.#gamma = gammaAfterRejection(this.#gamma, this.options.adaptLambdaEvery);
    iteration.note(
      "step-rejected",
      `the step raised the objective (rho ${rho.toPrecision(3)}); the weights stay at ${choice.objective.toPrecision(6)}`,
    );
    return false;
  }

  #adaptLambda(rho: number | undefined): void {
    if (rho !== undefined) this.#lambda = adaptedLambda(this.#lambda, rho, this.options.adaptLambdaEvery);
  }

  /** Keeps what outlives the step, and frees what it replaces. */
  #commit(
    { weights }: Pass,
    { factors, proposal, objective }: Choice,
    moved: { step: Vector; next: Vector } | undefined,
  ): void {
    // What may fail comes before anything changes.
    const k = this.#iteration + 1;
    const averaged = this.options.averaging > 0 ? this.#averaged(moved?.next ?? weights, k) : undefined;
    if (moved) this.model.setWeights(moved.next);
    this.#iteration = k;
    if (factors !== this.#factors) this.#factors = replaced(this.#factors, factors);
    // After a rejection γ is another, so the inverse is due.
    const inverse = moved && proposal.inverse;
    if (inverse !== this.#inverse) this.#inverse = replaced(this.#inverse, inverse);
    this.#previousStep = replaced(this.#previousStep, moved?.step);
    this.#undo = replaced(this.#undo, moved && { objective, weights, average: this.#average });
    if (!moved) disposeAll(this.#average);
    this.#average = keep(averaged);
  }

  /** θ̄ ← ξθ̄ + (1 − ξ)θ (§13), ξ growing from 0 like ε of the statistics, so that the start is soon forgotten. */
  #averaged(weights: Vector, k: number): Vector {
    const xi = Math.min(1 - 1 / k, this.options.averaging);
    const fresh = scaled(weights, 1 - xi);
    return this.#average === undefined ? fresh : plus(fresh, this.#average, xi);
  }

  /** Runs one iteration; where it throws, the model and the optimizer are as they were. */
  async #undoingDivergence(run: (iteration: Iteration) => Promise<KfacReport>): Promise<KfacReport> {
    if (this.#running) throw new Error("kfac: a step is still running; await it before the next");
    this.#running = true;
    const before = { lambda: this.#lambda, gamma: this.#gamma };
    using iteration = new Iteration(this.#iteration + 1);
    try {
      return await run(iteration).catch(async (error: unknown) => {
        if (!(error instanceof Diverged) || this.#undo === undefined) throw error;
        iteration.note("step-undone", `${error.message}; the weights are back where they were before the last step`);
        return this.#runFrom(this.#undo, run, iteration);
      });
    } catch (error) {
      this.#lambda = before.lambda;
      this.#gamma = before.gamma;
      throw error;
    } finally {
      this.#running = false;
    }
  }

  /** Runs the iteration from before the last step, with more damping, a fresh inverse and no momentum. */
  async #runFrom(
    undo: Undo,
    run: (iteration: Iteration) => Promise<KfacReport>,
    iteration: Iteration,
  ): Promise<KfacReport> {
    const weights = iteration.memory.run(() => this.model.weights);
    const [step, inverse, average] = [this.#previousStep, this.#inverse, this.#average];
    this.model.setWeights(undo.weights);
    this.#undo = this.#previousStep = this.#inverse = undefined;
    this.#average = undo.average;
    this.#raiseDamping("after undoing a step", iteration);
    try {
      const report = await run(iteration);
      disposeAll([undo.weights, step, inverse, average]);
      return report;
    } catch (error) {
      this.model.setWeights(weights);
      [this.#undo, this.#previousStep, this.#inverse, this.#average] = [undo, step, inverse, average];
      throw error;
    }
  }
}

/** The new value, kept; the old one is freed. */
function replaced<V>(old: unknown, value: V): V {
  const kept = keep(value);
  disposeAll(old);
  return kept;
}

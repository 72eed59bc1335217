import type { Loss } from "../network/loss.js";
import type { Model } from "../network/model.js";
import { NumericalError } from "../tensor/errors.js";
import { dampingRatios } from "./damping.js";
import type { KroneckerFactors } from "./factors.js";
import type { Iteration } from "./iteration.js";
import { objectiveOf, type Pass } from "./objective.js";
import type { ResolvedOptions } from "./options.js";
import { modelProducts, propose, readProducts } from "./proposal.js";
import { minimiseModel } from "./quadraticModel.js";
import { plus } from "./vectors.js";

/** The λ that calibration tries, strongest first: each a factor of √10 from the next. */
const CANDIDATES = Array.from({ length: 9 }, (_, i) => 10 ** (2 - i / 2));

/**
 * The λ, among candidates, whose first step lowers h most on the first batch: one inverse, one product with F and one forward
 * pass a candidate. Weaker damping is tried until the objective rises again.
 * @throws NumericalError where no candidate gives a finite objective.
 */
export async function bestInitialLambda(
  model: Model,
  loss: Loss,
  pass: Pass,
  factors: KroneckerFactors,
  options: ResolvedOptions,
  iteration: Iteration,
): Promise<number> {
  let best = { lambda: NaN, objective: Infinity };
  for (const lambda of CANDIDATES) {
    const objective = await objectiveAfterStep(lambda).catch((error: unknown) => {
      if (error instanceof NumericalError) return Infinity;
      throw error;
    });
    if (objective < best.objective) best = { lambda, objective };
    else if (best.objective < Infinity) break;
  }
  if (Number.isNaN(best.lambda))
    throw new NumericalError("kfac: no initial damping gives a finite objective; scale the weights or the inputs down");
  return best.lambda;

  async function objectiveAfterStep(lambda: number): Promise<number> {
    const { eta, inverse: prepare, dampingNorm, modelFraction } = options;
    const gamma = options.gamma ?? Math.sqrt(lambda + eta);
    const { delta, products } = iteration.memory.run(() => {
      const inverse = prepare(factors, { pi: dampingRatios(factors, dampingNorm), gamma, lambda, eta });
      const proposal = propose(pass, gamma, inverse);
      return { delta: proposal.delta, products: modelProducts(pass, loss, proposal.delta, undefined, modelFraction) };
    });
    const minimum = minimiseModel(readProducts(await iteration.read(products)), lambda, eta);
    if (minimum === undefined) return Infinity;
    const after = iteration.memory.run(() =>
      objectiveOf(model, loss, pass.batch, plus(pass.weights, delta, minimum.alpha), eta),
    );
    const { objective } = await iteration.read({ objective: after });
    return Number.isFinite(objective) ? objective : Infinity;
  }
}

import fc from "fast-check";
import { train, trainings, type Outcome, type Training } from "./training.js";

/** How one case went. */
export interface Case {
  readonly outcome?: Outcome;
  /** What was violated, by which run, and by the smallest run found from it. */
  readonly failure?: { readonly error: string; readonly smallest: Training | undefined };
}

/** Case n: so many steps of the training run that is drawn from seed n. */
export async function runCase(n: number, steps: number): Promise<Case> {
  let outcome: Outcome | undefined;
  const law = fc.asyncProperty(trainings, async (training) => {
    outcome = await train(training, steps);
  });
  const details = await fc.check(law, { seed: n, numRuns: 1 });
  if (!details.failed) return { ...(outcome && { outcome }) };
  return { failure: { error: String(details.errorInstance), smallest: details.counterexample?.[0] } };
}

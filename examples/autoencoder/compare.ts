import type { OptimizerName } from "./options.js";
import type { Goal } from "../report/progress.js";
import { train, type Task, type Trained } from "./train.js";

/**
 * Trains with one optimizer after the other from the same start: K-FAC first, for its iterations, then each baseline for as many
 * seconds as K-FAC trained (or for its own iterations, where the settings have them or K-FAC is left out).
 */
export async function compare(optimizers: readonly OptimizerName[], task: Task): Promise<Trained[]> {
  const { iterations, baselineIterations } = task.settings;
  const results: Trained[] = [];
  let baselineGoal: Goal = { iterations: baselineIterations ?? iterations };
  for (const name of kfacFirst(optimizers)) {
    if (task.signal.aborted) break;
    const result = await train(name, name === "kfac" ? { iterations } : baselineGoal, task);
    results.push(result);
    if (name === "kfac" && baselineIterations === undefined) baselineGoal = { seconds: result.seconds };
  }
  return results;
}

function kfacFirst(optimizers: readonly OptimizerName[]): OptimizerName[] {
  return [...optimizers].sort((a, b) => Number(b === "kfac") - Number(a === "kfac"));
}

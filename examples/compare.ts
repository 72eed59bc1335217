import type { Contender } from "./contender.js";
import type { Goal } from "./report/progress.js";

/**
 * Trains with one contender after the other: those of K-FAC first, for `iterations`, then each baseline for as many seconds as
 * the longest of them trained (or for `baselineIterations`, or for `iterations` where K-FAC is left out). Once aborted, no
 * further one begins.
 */
export async function compare<C extends Contender, R extends { readonly seconds: number }>(
  contenders: readonly C[],
  goals: { readonly iterations: number; readonly baselineIterations?: number },
  signal: AbortSignal,
  train: (contender: C, goal: Goal) => Promise<R>,
): Promise<R[]> {
  const { iterations, baselineIterations } = goals;
  const results: R[] = [];
  let longest = 0;
  const baselineGoal = (): Goal => {
    if (baselineIterations !== undefined) return { iterations: baselineIterations };
    return longest > 0 ? { seconds: longest } : { iterations };
  };
  for (const contender of kfacFirst(contenders)) {
    if (signal.aborted) break;
    const kfac = contender.family === "kfac";
    const result = await train(contender, kfac ? { iterations } : baselineGoal());
    results.push(result);
    if (kfac) longest = Math.max(longest, result.seconds);
  }
  return results;
}

function kfacFirst<C extends Contender>(contenders: readonly C[]): C[] {
  return [...contenders].sort((a, b) => Number(b.family === "kfac") - Number(a.family === "kfac"));
}

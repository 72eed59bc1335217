import { detach } from "../autodiff/index.js";
import type { Loss } from "../network/loss.js";
import { outputOf } from "../network/model.js";
import { leadingRows } from "../tensor/operations.js";
import type { RandomStream } from "../tensor/random.js";
import { scope } from "../tensor/scope.js";
import { factorsFrom, type KroneckerFactors, type Pairs } from "./factors.js";
import { fisherCotangents, type FisherMode } from "./fisher.js";
import type { Pass } from "./objective.js";

/** ε is never above this: old statistics are forgotten at this rate (§5). */
const MAX_DECAY = 0.95;

/**
 * Ā and G after a batch, k = 1, 2, …: S ← ε S + (1 − ε) S_batch, ε = min(1 − 1/k, 0.95) (§5), with S_batch from the first
 * ⌊τ₁m⌋ cases (§8) and one backward sweep for every set of cotangents.
 */
export function updatedStatistics(
  previous: KroneckerFactors | undefined,
  { at, batch, cases }: Pass,
  loss: Loss,
  k: number,
  { fisher, pairs, fraction, random }: { fisher: FisherMode; pairs: Pairs; fraction: number; random: RandomStream },
): KroneckerFactors {
  return scope(() => {
    const n = Math.max(1, Math.floor(fraction * cases));
    const rows = n === cases ? at : at.rows(0, n);
    const z = outputOf(at.value);
    const s = at.value.map((trace) => trace.s);
    const cotangents = fisherCotangents(fisher, loss, leadingRows(detach(z), n), leadingRows(batch.targets, n), random);
    return factorsFrom(
      at.value.map((trace) => leadingRows(detach(trace.aBar), n)),
      cotangents.map((g) => rows.pullback([z], [g], s)),
      { pairs, epsilon: Math.min(1 - 1 / k, MAX_DECAY), ...(previous !== undefined && { previous }) },
    );
  });
}

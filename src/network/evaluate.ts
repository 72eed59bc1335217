import { add, argmax, notEqual, square, sub, sum } from "../autodiff/index.js";
import { read } from "../tensor/create.js";
import { reshape, concatenate, slice } from "../tensor/operations.js";
import { scope } from "../tensor/scope.js";
import { checkData, type Data } from "./batches.js";
import type { Loss } from "./loss.js";
import { outputOf, type Model } from "./model.js";
import { asRows } from "./softmaxCrossEntropy.js";

/** Averages over cases. */
export interface Evaluation {
  /** Mean of L, without the L2 term. */
  readonly loss: number;
  /** Mean of Σ (predicted mean − target)². */
  readonly squaredError: number;
  /** The share of cases whose largest predicted mean is not where the largest target is. */
  readonly errorRate: number;
}

/** Cases evaluated together: bounds the memory that the traces take. */
const CHUNK = 1000;

/** How a model does on data, at its own weights or at others (averaged ones, say). */
export async function evaluate(model: Model, loss: Loss, data: Data, weights = model.weights): Promise<Evaluation> {
  const cases = checkData("evaluate", data);
  const totals = scope(() => {
    let sums = evaluateChunk(0);
    for (let start = CHUNK; start < cases; start += CHUNK) {
      const before = sums;
      sums = add(
        before,
        scope(() => evaluateChunk(start)),
      );
    }
    return sums;
  });
  const [value, squared, wrong] = await read(totals);
  totals.dispose();
  return { loss: value! / cases, squaredError: squared! / cases, errorRate: wrong! / cases };

  function evaluateChunk(start: number) {
    const rows = [start, Math.min(start + CHUNK, cases)] as const;
    const z = outputOf(model.apply(weights, slice(data.inputs, [rows])));
    const targets = asRows(slice(data.targets, [rows]), z);
    const predicted = loss.predict(z);
    const sums = [
      sum(loss.value(z, targets)),
      sum(square(sub(predicted, targets))),
      sum(notEqual(argmax(predicted, 1), argmax(targets, 1))),
    ];
    return concatenate(sums.map((total) => reshape(total, [1])));
  }
}

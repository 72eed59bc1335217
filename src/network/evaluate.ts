import { add, argmax, notEqual, square, sub, sum } from "../autodiff/index.js";
import { read } from "../tensor/create.js";
import { reshape, concatenate, slice } from "../tensor/operations.js";
import { scope } from "../tensor/scope.js";
import { checkData, type Data } from "./batches.js";
import { checkFaults, faultsOf } from "./faults.js";
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

/**
 * How a model does on data, at its own weights or at others (averaged ones, say).
 * @throws NumericalError where data holds NaN, or targets that are none.
 */
export async function evaluate(model: Model, loss: Loss, data: Data, weights?: Model["weights"]): Promise<Evaluation> {
  const cases = checkData("evaluate", data);
  const totals = scope(() => {
    const at = weights ?? model.weights;
    let sums = evaluateChunk(at, 0);
    for (let start = CHUNK; start < cases; start += CHUNK) {
      const before = sums;
      sums = add(
        before,
        scope(() => evaluateChunk(at, start)),
      );
    }
    return sums;
  });
  const [value, squared, wrong, faults] = await read(totals);
  totals.dispose();
  checkFaults("evaluate", loss, faults);
  return { loss: value / cases, squaredError: squared / cases, errorRate: wrong / cases };

  function evaluateChunk(at: Model["weights"], start: number) {
    const rows = [start, Math.min(start + CHUNK, cases)] as const;
    const inputs = slice(data.inputs, [rows]);
    const given = slice(data.targets, [rows]);
    const z = outputOf(model.apply(at, inputs));
    const targets = asRows(given, z);
    const predicted = loss.predict(z);
    const sums = [
      sum(loss.value(z, targets)),
      sum(square(sub(predicted, targets))),
      sum(notEqual(argmax(predicted, 1), argmax(targets, 1))),
      faultsOf(loss, z, { inputs, targets: given }),
    ];
    return concatenate(sums.map((total) => reshape(total, [1])));
  }
}

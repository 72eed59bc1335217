import { evaluate } from "../../src/network/evaluate.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { tensor } from "../../src/tensor/create.js";
import { slice } from "../../src/tensor/operations.js";
import { expectClose, numbers, rows, rowsOfAll } from "../support/close.js";
import { countingBackend } from "../support/countingBackend.js";
import { plainSoftmax } from "../support/plainNetwork.js";
import { normalTensor, problem, lawPlaces } from "../support/problems.js";

const losses = [
  { name: "squaredError", loss: squaredError },
  { name: "sigmoidCrossEntropy", loss: sigmoidCrossEntropy },
  { name: "softmaxCrossEntropy", loss: softmaxCrossEntropy },
];

function largest(row: readonly number[]): number {
  return row.indexOf(Math.max(...row));
}

describe.each(lawPlaces)("evaluate, $name", ({ backend }) => {
  // 2503 cases are evaluated in three parts.
  describe.each([1, 7, 2503])("on %i cases", (cases) => {
    test.each(losses)("averages what single cases have under $name", async ({ loss }) => {
      const { net, data } = problem({ sizes: [3, 4, 3], loss, cases, backend });
      const z = net.predict(data.inputs);
      const [predicted, targets] = await rowsOfAll([loss.predict(z), data.targets]);
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / cases;
      const result = await evaluate(net, loss, data);
      expectClose(
        [result.loss, result.squaredError, result.errorRate],
        [
          mean(await numbers(loss.value(z, data.targets))),
          mean(predicted.map((row, n) => row.reduce((sum, p, c) => sum + (p - targets[n][c]) ** 2, 0))),
          mean(predicted.map((row, n) => Number(largest(row) !== largest(targets[n])))),
        ],
      );
    });
  });

  test("takes labels, and then squares against their one-hot rows", async () => {
    const { net, data } = problem({ sizes: [3, 4, 3], loss: softmaxCrossEntropy, backend });
    const labels = [0, 1, 2, 0, 1, 2, 0];
    const p = (await rows(net.predict(data.inputs))).map(plainSoftmax);
    const targets = tensor(labels, { dtype: "float64", backend });
    const result = await evaluate(net, softmaxCrossEntropy, { inputs: data.inputs, targets });
    expectClose(result.loss, -p.reduce((sum, row, n) => sum + Math.log(row[labels[n]]), 0) / 7);
    expectClose(
      result.squaredError,
      p.reduce((sum, row, n) => sum + row.reduce((s, pc, c) => s + (pc - Number(c === labels[n])) ** 2, 0), 0) / 7,
    );
    expectClose(result.errorRate, p.filter((row, n) => largest(row) !== labels[n]).length / 7);
  });

  test("takes other weights than the model's", async () => {
    const { net, loss, data } = problem({ backend });
    const other = problem({ seed: 8, backend }).net;
    expect(await evaluate(net, loss, data, other.weights)).toEqual(await evaluate(other, loss, data));
  });
});

test("evaluate frees all that it makes", async () => {
  const backend = countingBackend();
  const { net, loss, data } = problem({ backend, cases: 1500 });
  const before = backend.live;
  await evaluate(net, loss, data);
  expect(backend.live).toBe(before);
  net.setWeights(net.weights);
  net.dispose();
});

describe("what cannot be evaluated is refused in one sentence", () => {
  const { net, data } = problem({ sizes: [3, 4, 2] });

  test("no cases", async () => {
    const none = { inputs: slice(data.inputs, [[0, 0]]), targets: slice(data.targets, [[0, 0]]) };
    await expect(evaluate(net, squaredError, none)).rejects.toThrow(
      "evaluate: inputs must be [cases×features] with at least one case, not [0×3]",
    );
  });

  test("a NaN pixel", async () => {
    const inputs = tensor([[0, NaN, 1]], { dtype: "float64" });
    await expect(evaluate(net, squaredError, { inputs, targets: normalTensor([1, 2], 1) })).rejects.toThrow(
      /^evaluate: the batch holds NaN or infinite inputs or targets; clean the data/,
    );
  });

  test.each([2, -1, 0.5])("a label of %s for two classes", async (label) => {
    const targets = tensor([0, 1, label, 0, 1, 0, 1], { dtype: "float64" });
    await expect(evaluate(net, softmaxCrossEntropy, { inputs: data.inputs, targets })).rejects.toThrow(
      "evaluate: the batch holds 1 targets that softmaxCrossEntropy does not take; they must be probabilities that sum to 1 in each row, or labels 0 … k−1",
    );
  });
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isEvaluated, writeTrace, type Run } from "../../../examples/report/trace.js";

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "trace-"))));
afterEach(() => rmSync(directory, { recursive: true }));

test("a trace reads back as the runs that were written, in a directory made for it", () => {
  const runs: Run[] = [
    {
      optimizer: "kfac",
      settings: { lambda: 5, inverse: "block-diagonal", layers: [784, 30, 784], paper: true },
      steps: [
        {
          iteration: 1,
          seconds: 0.5,
          loss: 540.25,
          trainingLoss: 530,
          squaredError: 200,
          alpha: 0.1,
          mu: 0,
          lambda: 5,
          gamma: 2,
        },
        { iteration: 2, seconds: 1, loss: 400, rho: 0.9, events: ["inverted"] },
      ],
    },
    { optimizer: "adam", settings: { learningRate: 0.001 }, steps: [] },
  ];
  const file = writeTrace(join(directory, "a", "b"), runs);
  expect(file).toBe(join(directory, "a", "b", "trace.json"));
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(runs);
});

test("a loss that is not finite is written as null, so that the file stays JSON", () => {
  const file = writeTrace(directory, [
    { optimizer: "sgd", settings: {}, steps: [{ iteration: 1, seconds: 1, loss: NaN }] },
  ]);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject([{ steps: [{ loss: null }] }]);
});

test("the whole training set is evaluated at iterations 1, 5, 10, 20, 50 and every 50 after", () => {
  const evaluated = Array.from({ length: 201 }, (_, iteration) => iteration).filter(isEvaluated);
  expect(evaluated).toEqual([1, 5, 10, 20, 50, 100, 150, 200]);
});

import { linearise } from "../../src/autodiff/index.js";
import { denseFisher } from "../../src/kfac/dense.js";
import { fisherProducts, productsAt } from "../../src/kfac/fisherProducts.js";
import { outputOf } from "../../src/network/model.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { slice } from "../../src/tensor/operations.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { countingBackend } from "../support/countingBackend.js";
import { dot, stacked, times } from "../support/dense.js";
import { direction, problem, lawPlaces } from "../support/problems.js";

const losses = [
  { name: "squaredError", loss: squaredError },
  { name: "sigmoidCrossEntropy", loss: sigmoidCrossEntropy },
  { name: "softmaxCrossEntropy", loss: softmaxCrossEntropy },
];

describe.each(lawPlaces)("products with the exact Fisher, $name", ({ backend }) => {
  describe.each(losses)("law 15: uᵀFv by forward mode is uᵀFv with the dense F, under $name", ({ loss }) => {
    test.each([1, 2, 3, 4, 5, 6])("%i layers, three directions at once", async (layers) => {
      const { net, data } = problem({ sizes: [3, 2, 3, 2, 3, 2, 3].slice(0, layers + 1), loss, cases: 5, backend });
      const directions = [1, 2, 3].map((seed) => direction(net, seed));
      const F = await rows(denseFisher(net, loss, data.inputs));
      const vectors = await Promise.all(directions.map(async (v) => stacked(await rowsOfAll(v))));
      expectClose(
        await rows(fisherProducts(net, loss, data.inputs, directions)),
        vectors.map((u) => vectors.map((v) => dot(u, times(F, v)))),
      );
    });

    test("on the leading cases of a linearisation they are those of these cases alone", async () => {
      const { net, data } = problem({ sizes: [3, 4, 3], loss, backend });
      const directions = [direction(net, 1), direction(net, 2)];
      const at = linearise((weights) => net.apply(weights, data.inputs), net.weights, { cases: [data.inputs] });
      for (const n of [1, 3, 7])
        expectClose(
          await rows(productsAt(at, loss, directions, n)),
          await rows(fisherProducts(net, loss, slice(data.inputs, [[0, n]]), directions)),
          1e-14,
        );
      expect(outputOf(at.value).shape).toEqual([7, 3]);
    });
  });
});

test("fisherProducts frees all that it makes but the products", () => {
  const backend = countingBackend();
  const { net, loss, data } = problem({ backend });
  const v = direction(net, 1);
  const before = backend.live;
  const products = fisherProducts(net, loss, data.inputs, [v, v]);
  expect(backend.live).toBe(before + 1);
  products.dispose();
  expect(backend.live).toBe(before);
});

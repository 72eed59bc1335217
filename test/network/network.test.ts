import { relu, tanh, variable } from "../../src/autodiff/index.js";
import { gradients } from "../../src/autodiff/gradients.js";
import { sum } from "../../src/autodiff/index.js";
import { dense, homogeneous } from "../../src/network/layer.js";
import { outputOf } from "../../src/network/model.js";
import { network } from "../../src/network/network.js";
import { outputGradient, preactivationGradients } from "../../src/network/preactivationGradients.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { ones, tensor, zeros } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { expectClose, numbers, rows, rowsOfAll } from "../support/close.js";
import { countingBackend } from "../support/countingBackend.js";
import { scaled } from "../support/dense.js";
import {
  plainIdentity,
  PlainProblem,
  plainSigmoidCrossEntropy,
  plainSoftmax,
  plainSoftmaxCrossEntropy,
  plainSquaredError,
  plainTanh,
} from "../support/plainNetwork.js";
import { identityActivation, normalTensor, problem, lawPlaces } from "../support/problems.js";

const losses = [
  { name: "squaredError", loss: squaredError, plain: plainSquaredError },
  { name: "sigmoidCrossEntropy", loss: sigmoidCrossEntropy, plain: plainSigmoidCrossEntropy },
  { name: "softmaxCrossEntropy", loss: softmaxCrossEntropy, plain: plainSoftmaxCrossEntropy },
];

function plainly(layers: number, plain = plainSquaredError) {
  const activations = Array.from({ length: layers }, (_, i) => (i === layers - 1 ? plainIdentity : plainTanh));
  return new PlainProblem(activations, plain);
}

describe.each(lawPlaces)("a network, $name", ({ backend }) => {
  describe.each([1, 2, 3, 4, 5, 6])("of %i layers", (layers) => {
    const sizes = [3, 4, 2, 5, 3, 4, 2].slice(0, layers + 1);

    test("has the traces of §2: āᵢ₋₁ = [aᵢ₋₁; 1], sᵢ = Wᵢ āᵢ₋₁, aᵢ = φᵢ(sᵢ)", async () => {
      const { net, data } = problem({ sizes, backend });
      const passes = plainly(layers).passes(await rowsOfAll(net.weights), await rows(data.inputs));
      const traces = net.forward(data.inputs);
      expect(traces).toHaveLength(layers);
      for (const [i, { aBar, s, a }] of traces.entries()) {
        expectClose(
          await rows(aBar),
          passes.map((pass) => pass.aBars[i]),
        );
        expectClose(
          await rows(s),
          passes.map((pass) => pass.s[i]),
        );
        expectClose(
          await rows(a),
          passes.map((pass) => (i === layers - 1 ? pass.z : pass.aBars[i + 1].slice(0, -1))),
        );
      }
    });

    test.each(losses)("has every gᵢ under $name, not divided by the number of cases", async ({ loss, plain }) => {
      const { net, data } = problem({ sizes, loss, backend });
      const g = preactivationGradients(loss, net.forward(data.inputs), data.targets);
      expectClose(
        await rowsOfAll(g).then((all) => all.flat()),
        plainly(layers, plain)
          .preactivationGradients(await rowsOfAll(net.weights), await rows(data.inputs), await rows(data.targets))
          .flat(),
      );
    });
  });

  test("the gradient of the mean loss with respect to sᵢ is gᵢ over the number of cases", async () => {
    const { net, loss, data } = problem({ backend });
    const traces = net.forward(data.inputs);
    const g = await rowsOfAll(preactivationGradients(loss, traces, data.targets));
    const mean = gradients(
      sum(loss.value(outputOf(traces), data.targets)),
      traces.map(({ s }) => s),
    );
    const cases = data.inputs.shape[0];
    expectClose(
      (await rowsOfAll(mean)).flatMap((rows) => scaled(rows, 1 / cases)),
      g.flatMap((rows) => scaled(rows, 1 / cases)),
    );
  });

  test("the output gradient is dL/dz of every case", async () => {
    const { net, loss, data } = problem({ loss: softmaxCrossEntropy, backend });
    const z = net.predict(data.inputs);
    const [Z, T] = await rowsOfAll([z, data.targets]);
    expectClose(
      await rows(outputGradient(loss, z, data.targets)),
      Z.map((zn, n) => plainSoftmaxCrossEntropy.gradient(zn, T[n])),
    );
  });

  test("apply at the network's weights is forward, and at other weights is their forward", async () => {
    const { net, data } = problem({ backend });
    const forward = await rowsOfAll(net.forward(data.inputs).flatMap(({ aBar, s, a }) => [aBar, s, a]));
    const applied = await rowsOfAll(net.apply(net.weights, data.inputs).flatMap(({ aBar, s, a }) => [aBar, s, a]));
    expect(applied).toEqual(forward);
    const other = problem({ seed: 9, backend }).net;
    expect(await rows(outputOf(net.apply(other.weights, data.inputs)))).toEqual(await rows(other.predict(data.inputs)));
  });

  test("predict gives z, or the mean of P(y|z) under a loss", async () => {
    const { net, data } = problem({ backend });
    const Z = await rows(outputOf(net.forward(data.inputs)));
    expect(await rows(net.predict(data.inputs))).toEqual(Z);
    expectClose(await rows(net.predict(data.inputs, softmaxCrossEntropy)), Z.map(plainSoftmax));
    expectClose(
      await rows(net.predict(data.inputs, sigmoidCrossEntropy)),
      Z.map((zn) => zn.map((z) => 1 / (1 + Math.exp(-z)))),
    );
    expect(await rows(net.predict(data.inputs, squaredError))).toEqual(Z);
  });

  test("computes in its dtype throughout", () => {
    const { net, data } = problem({ backend });
    for (const { aBar, s, a } of net.forward(data.inputs))
      for (const t of [aBar, s, a]) expect(t.dtype).toBe("float64");
  });
});

describe("weights", () => {
  test("setWeights replaces them, and keeps its own handles", async () => {
    const { net } = problem();
    const next = problem({ seed: 5 }).net.weights;
    const wanted = await rowsOfAll(next);
    net.setWeights(next);
    for (const W of next) W.dispose();
    expect(await rowsOfAll(net.weights)).toEqual(wanted);
  });

  test.each<[string, (weights: Tensor[]) => Tensor[], RegExp]>([
    ["too few matrices", (ws) => ws.slice(1), /^setWeights: 1 matrices were given for 2 layers$/],
    [
      "a wrong shape",
      (ws) => [ws[0], zeros([2, 4], { dtype: "float64" })],
      /^setWeights: matrix 1 is \[2×4\], but layer 1 needs \[2×5\]$/,
    ],
    [
      "another dtype",
      (ws) => [ws[0], zeros([2, 5])],
      /^setWeights: matrix 1 is float32 on cpu, the network float64 on cpu; convert it with to\(\)$/,
    ],
    [
      "another backend",
      (ws) => [ws[0], zeros([2, 5], { dtype: "float64", backend: countingBackend() })],
      /^setWeights: matrix 1 is float64 on counting, the network float64 on cpu; convert it with to\(\)$/,
    ],
  ])("setWeights refuses %s and changes nothing", async (_, change, message) => {
    const { net } = problem();
    const before = await rowsOfAll(net.weights);
    expect(() => net.setWeights(change(net.weights))).toThrow(message);
    expect(await rowsOfAll(net.weights)).toEqual(before);
  });

  test("are given back when they are replaced and when the network is disposed of", () => {
    const backend = countingBackend();
    const { net } = problem({ backend });
    const fresh = net.layers.map(({ weightShape }) => normalTensor(weightShape, 1, { backend }));
    const before = backend.live;
    net.setWeights(fresh);
    for (const W of fresh) W.dispose();
    expect(backend.live).toBe(before - 2);
    net.dispose();
    // What remains is the data.
    expect(backend.live).toBe(2);
  });
});

describe("what does not fit is refused in one sentence", () => {
  test("no layers", () => {
    expect(() => network([])).toThrow("network: needs at least one layer");
  });

  test("layers that do not fit each other", () => {
    expect(() => network([dense(3, 4, tanh), dense(5, 2, tanh)])).toThrow(
      "network: layer 1 takes 5 inputs, but layer 0 has 4 outputs",
    );
  });

  test.each([
    [0, 3, "dIn is 0"],
    [3, 0, "dOut is 0"],
    [2.5, 3, "dIn is 2.5"],
    [3, NaN, "dOut is NaN"],
  ])("dense(%s, %s)", (dIn, dOut, what) => {
    expect(() => dense(dIn, dOut, tanh)).toThrow(`dense: ${what}; it must be an integer of at least 1`);
  });

  test("inputs of another width", () => {
    const { net } = problem();
    expect(() => net.forward(normalTensor([7, 4], 1))).toThrow(
      "dense: the layer takes 3 inputs a case, but was given [7×4]",
    );
  });

  test("inputs that are no matrix", () => {
    const { net } = problem();
    expect(() => net.forward(normalTensor([3], 1))).toThrow("layer inputs must be [cases×features], not [3]");
    expect(() => homogeneous(normalTensor([2, 3, 4], 1))).toThrow("layer inputs must be [cases×features], not [2×3×4]");
  });

  test("inputs of another dtype", () => {
    const { net } = problem();
    expect(() => net.forward(normalTensor([7, 3], 1, { dtype: "float32" }))).toThrow(
      /dtypes float32 and float64 differ; convert one with to\(t, \{ dtype \}\)|dtypes float64 and float32 differ; convert one/,
    );
  });

  test("an initialisation with the wrong number of weights", () => {
    expect(() => network([dense(3, 2, tanh)], { initialize: () => new Float64Array(5) })).toThrow(
      "tensor: shape [2×4] holds 8 elements, but 5 values were given",
    );
  });

  test("an option that there is not", () => {
    expect(() => network([dense(3, 2, tanh)], { backnd: 1 } as object)).toThrow(
      /^network: there is no option "backnd"; options are seed, dtype, backend, initialize$/,
    );
  });

  test("a seed that is none", () => {
    expect(() => network([dense(3, 2, tanh)], { seed: -1 })).toThrow(/^stream: seed -1 must be an integer/);
  });

  test("traces that hold constants", () => {
    const { net, loss, data } = problem();
    expect(() => preactivationGradients(loss, net.apply(net.weights, data.inputs), data.targets)).toThrow(
      /traces hold constants; take them from net.forward\(x\), or apply variables$/,
    );
  });

  test("a model without layers", () => {
    expect(() => outputOf([])).toThrow("a model needs at least one layer");
  });
});

test("any elementwise function is an activation", async () => {
  const net = network(
    [
      dense(
        2,
        2,
        (s) => relu(s),
        () => new Float64Array([1, 0, 0, 0, -1, 0]),
      ),
    ],
    { dtype: "float64" },
  );
  expect(await numbers(net.predict(tensor([[2, 3]], { dtype: "float64" })))).toEqual([2, 0]);
});

test("homogeneous appends a 1 to every case and passes derivatives of the rest", async () => {
  const a = variable(ones([2, 3], { dtype: "float64" }));
  const aBar = homogeneous(a);
  expect(await rows(aBar)).toEqual([
    [1, 1, 1, 1],
    [1, 1, 1, 1],
  ]);
  expect(await numbers(gradients(sum(aBar), [a])[0])).toEqual(new Array(6).fill(1));
});

test("the identity as last activation leaves z = sℓ", async () => {
  const net = network([dense(2, 1, identityActivation)], { dtype: "float64", seed: 2 });
  const [{ s, a }] = net.forward(normalTensor([3, 2], 1));
  expect(await numbers(a)).toEqual(await numbers(s));
});

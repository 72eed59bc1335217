import { add, cholesky, detach, kron, logDeterminant, mul } from "../../src/autodiff/index.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import { blockTridiagonal } from "../../src/kfac/blockTridiagonal.js";
import { dampingRatios, type DampingNorm } from "../../src/kfac/damping.js";
import { denseInverse } from "../../src/kfac/dense.js";
import { exactTikhonov } from "../../src/kfac/exactTikhonov.js";
import { factorsFrom, type KroneckerFactors, type Pairs } from "../../src/kfac/factors.js";
import { kroneckerFactors } from "../../src/kfac/fisher.js";
import { fullKronecker } from "../../src/kfac/fullKronecker.js";
import type { Inverse, InverseStrategy } from "../../src/kfac/inverse.js";
import { outputOf } from "../../src/network/model.js";
import { backpropagate } from "../../src/network/preactivationGradients.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { readScalar } from "../../src/tensor/create.js";
import { NumericalError } from "../../src/tensor/errors.js";
import { disposeAll } from "../../src/tensor/scope.js";
import { expectClose, numbers, rows, rowsOfAll } from "../support/close.js";
import { countingBackend } from "../support/countingBackend.js";
import {
  blockDiagonalMatrix,
  identity,
  inverse,
  kron as plainKron,
  logDeterminant as plainLogDeterminant,
  plus,
  scaled,
  solve,
  stacked,
  type Matrix,
} from "../support/dense.js";
import { direction, normalTensor, problem, lawPlaces } from "../support/problems.js";

const strategies: ["blockDiagonal" | "exactTikhonov" | "blockTridiagonal" | "fullKronecker", InverseStrategy][] = [
  ["blockDiagonal", blockDiagonal],
  ["exactTikhonov", exactTikhonov],
  ["blockTridiagonal", blockTridiagonal],
  ["fullKronecker", fullKronecker],
];

describe.each(lawPlaces)("approximate inverses, $name", ({ backend }) => {
  const place = { backend };

  /** Enough cases for non-singular factors, of 1 to 6 layers. */
  function layersOf(count: number, pairs: Pairs = "diagonal") {
    const sizes = [3, 2, 3, 2, 4, 2, 3].slice(0, count + 1);
    const of = problem({ sizes, cases: 12, backend });
    const factors = kroneckerFactors(of.net, of.loss, of.data, { fisher: "exact", pairs });
    return { ...of, factors, shapes: of.net.weights.map((W) => W.shape) };
  }

  async function plainBlocks(factors: KroneckerFactors): Promise<{ A: Matrix; G: Matrix }[]> {
    return Promise.all(factors.diagonal.map(async ({ A, G }) => ({ A: await rows(A), G: await rows(G) })));
  }

  describe("blockDiagonal", () => {
    test.each([1, 2, 3, 4, 5, 6])(
      "is the dense inverse of the damped diagonal blocks, %i layers, under every norm of π",
      async (layers) => {
        const { factors, net, shapes } = layersOf(layers);
        const gamma = 0.3;
        for (const norm of ["trace", "frobenius", "largest-eigenvalue", "one"] satisfies DampingNorm[]) {
          const pi = dampingRatios(factors, norm);
          const ratios = (await rowsOfAll(pi)).flat(2);
          const F = blockDiagonalMatrix(
            (await plainBlocks(factors)).map(({ A, G }, i) =>
              plainKron(plus(A, identity(A.length), ratios[i] * gamma), plus(G, identity(G.length), gamma / ratios[i])),
            ),
          );
          using apply = blockDiagonal(factors, { pi, gamma });
          expectClose(await rows(denseInverse(apply, shapes, net.weights[0])), inverse(F), 1e-9);
        }
      },
    );

    test("undamped it is Gᵢᵢ⁻¹ Vᵢ Āᵢ₋₁,ᵢ₋₁⁻¹ (§4.2): V = F̆ U", async () => {
      const { factors, net } = layersOf(1);
      const V = direction(net, 1);
      const [{ A, G }] = await plainBlocks(factors);
      expectClose(
        stacked(await rowsOfAll(blockDiagonal(factors, {})(V))),
        solve(plainKron(A, G), stacked(await rowsOfAll(V))),
        1e-9,
      );
    });

    test("π are those of the trace norm where they are missing", async () => {
      const { factors, net } = layersOf(2);
      const V = direction(net, 1);
      const given = blockDiagonal(factors, { pi: dampingRatios(factors), gamma: 0.1 })(V);
      const missing = blockDiagonal(factors, { gamma: 0.1 })(V);
      expect(await rowsOfAll(missing)).toEqual(await rowsOfAll(given));
    });

    test("a singular factor throws NumericalError that says what to do, and γ cures it", () => {
      const singular = factorsFrom([normalTensor([2, 5], 1, place)], [normalTensor([2, 3], 2, place)]);
      expect(() => blockDiagonal(singular, {})).toThrow(NumericalError);
      expect(() => blockDiagonal(singular, {})).toThrow(/not positive.*add damping/);
      expect(() => blockDiagonal(singular, { gamma: 0.1 })).not.toThrow();
    });
  });

  describe("law 12: exactTikhonov", () => {
    test.each([1, 2, 3, 4, 5, 6])("is the dense inverse of F̆ + (λ + η)I, %i layers", async (layers) => {
      const { factors, net, shapes } = layersOf(layers);
      const [lambda, eta] = [0.2, 0.05];
      const F = blockDiagonalMatrix((await plainBlocks(factors)).map(({ A, G }) => plainKron(A, G)));
      using apply = exactTikhonov(factors, { lambda, eta, gamma: 123 });
      expectClose(
        await rows(denseInverse(apply, shapes, net.weights[0])),
        inverse(plus(F, identity(F.length), lambda + eta)),
      );
    });

    test("λ → ∞: the update approaches −∇h/λ, with an error that falls as 1/λ", async () => {
      const { factors, net } = layersOf(3);
      const gradient = direction(net, 1);
      const g = stacked(await rowsOfAll(gradient));
      const errors: number[] = [];
      for (const lambda of [1e6, 1e7, 1e8]) {
        const U = stacked(await rowsOfAll(exactTikhonov(factors, { lambda })(gradient)));
        errors.push(Math.max(...U.map((u, i) => Math.abs(u * lambda - g[i]))) * lambda);
      }
      expectClose(errors[1], errors[0], 1e-4);
      expectClose(errors[2], errors[0], 1e-4);
    });

    test("λ → ∞ makes γ = √λ of factored Tikhonov damping the same", async () => {
      const { factors, net } = layersOf(2);
      const gradient = direction(net, 1);
      const g = stacked(await rowsOfAll(gradient));
      const lambda = 1e12;
      const U = stacked(await rowsOfAll(blockDiagonal(factors, { gamma: Math.sqrt(lambda) })(gradient)));
      expectClose(
        U.map((u) => u * lambda),
        g,
        1e-4,
      );
    });

    test("takes singular factors", async () => {
      const singular = factorsFrom([normalTensor([2, 5], 1, place)], [normalTensor([2, 3], 2, place)]);
      const [{ A, G }] = await plainBlocks(singular);
      const V = normalTensor([3, 5], 3, place);
      const F = plainKron(A, G);
      expectClose(
        stacked(await rowsOfAll(exactTikhonov(singular, { lambda: 0.01 })([V]))),
        solve(plus(F, identity(15), 0.01), stacked([await rows(V)])),
      );
    });

    test("λ + η of 0 is refused in one sentence", () => {
      const { factors } = layersOf(1);
      expect(() => exactTikhonov(factors, {})).toThrow(
        "exactTikhonov: lambda + eta is 0; it must be positive to damp singular factors",
      );
    });
  });

  describe("law 18: log|A ⊗ G| = d_G log|A| + d_A log|G|", () => {
    test.each([1, 2, 3, 4, 5, 6])("for every layer of %i", async (layers) => {
      const { factors } = layersOf(layers);
      for (const { A, G } of factors.diagonal) {
        const [dA, dG] = [A.shape[0], G.shape[0]];
        const structured = add(mul(logDeterminant(A), dG), mul(logDeterminant(G), dA));
        const L = await rows(cholesky(kron(A, G)));
        const dense = 2 * L.reduce((total, row, i) => total + Math.log(row[i]), 0);
        expectClose(await readScalar(structured), dense);
        expectClose(await readScalar(structured), plainLogDeterminant(plainKron(await rows(A), await rows(G))));
      }
    });

    test("adds up over layers to that of the whole block-diagonal Fisher", async () => {
      const { factors, net, shapes } = layersOf(3);
      const apply = blockDiagonal(factors, {
        gamma: 0.5,
        pi: dampingRatios(factors, "one"),
      });
      const dense = plainLogDeterminant(await rows(denseInverse(apply, shapes, net.weights[0])));
      const parts = (await plainBlocks(factors)).map(({ A, G }) => {
        const [damped, dampedG] = [plus(A, identity(A.length), 0.5), plus(G, identity(G.length), 0.5)];
        return G.length * plainLogDeterminant(damped) + A.length * plainLogDeterminant(dampedG);
      });
      expectClose(
        -dense,
        parts.reduce((a, b) => a + b),
      );
    });
  });

  test.each(strategies)("%s is linear and symmetric", async (_, prepare) => {
    const { factors, net } = layersOf(3, "all");
    const apply: Inverse = prepare(factors, { lambda: 0.1, gamma: 0.3 });
    const [u, v] = [direction(net, 1), direction(net, 2)];
    const [U, V] = [await rowsOfAll(u), await rowsOfAll(v)].map((x) => stacked(x));
    const [Pu, Pv] = await Promise.all([u, v].map(async (x) => stacked(await rowsOfAll(apply(x)))));
    const mixed = stacked(await rowsOfAll(apply(u.map((ui, i) => add(mul(ui, 2), mul(v[i], -3))))));
    expectClose(
      mixed,
      Pu.map((x, i) => 2 * x - 3 * Pv[i]),
    );
    const dot = (x: number[], y: number[]) => x.reduce((total, xi, i) => total + xi * y[i], 0);
    expectClose(dot(U, Pv), dot(V, Pu));
  });

  test("law 20: summing instead of averaging divides the undamped update by N", async () => {
    const { factors, net, loss, data } = layersOf(2);
    const N = data.inputs.shape[0];
    const V = direction(net, 1);
    // F = A ⊗ G of a summed loss is N times that of the mean: each g is √N times as large.
    const traces = net.forward(data.inputs);
    const columns = loss.factor(detach(outputOf(traces))).columns();
    const summed = factorsFrom(
      traces.map(({ aBar }) => detach(aBar)),
      backpropagate(
        traces,
        columns.map((column) => mul(column, Math.sqrt(N))),
      ),
    );
    const once = stacked(await rowsOfAll(blockDiagonal(factors, {})(V)));
    const sum = stacked(await rowsOfAll(blockDiagonal(summed, {})(V)));
    expectClose(scaled([sum], N), once, 1e-9);
  });
});

test.each(strategies)("disposing of a %s gives back what it prepared", async (_, prepare) => {
  const backend = countingBackend();
  const { net, loss, data } = problem({ backend, loss: sigmoidCrossEntropy });
  using factors = kroneckerFactors(net, loss, data, { fisher: "exact", pairs: "all" });
  const V = direction(net, 1);
  const before = backend.live;
  const apply = prepare(factors, { lambda: 0.1, gamma: 0.3 });
  expect(backend.live).toBeGreaterThan(before);
  const U = apply(V);
  await numbers(U[0]);
  disposeAll(U);
  apply[Symbol.dispose]();
  expect(backend.live).toBe(before);
});

test.each(strategies)("%s takes the moments of the pairs that it names, and no more", (name, prepare) => {
  const { net, data } = problem({ sizes: [2, 2, 2, 2] });
  const pairs = {
    blockDiagonal: "diagonal",
    exactTikhonov: "diagonal",
    blockTridiagonal: "neighbours",
    fullKronecker: "all",
  };
  expect(prepare.pairs ?? "diagonal").toBe(pairs[name]);
  const factors = kroneckerFactors(net, squaredError, data, { pairs: prepare.pairs ?? "diagonal" });
  expect(() => prepare(factors, { gamma: 1, lambda: 1 })).not.toThrow();
});

test.each(strategies)("%s ignores γ where it says so, and only there", async (name, prepare) => {
  const { net, data } = problem();
  const factors = kroneckerFactors(net, squaredError, data, { pairs: "all" });
  const V = direction(net, 1);
  const [weak, strong] = await Promise.all(
    [0.5, 2].map(async (gamma) => stacked(await rowsOfAll(prepare(factors, { gamma, lambda: 1 })(V)))),
  );
  expect(prepare.ignoresGamma ?? false).toBe(name === "exactTikhonov");
  if (prepare.ignoresGamma === true) expect(weak).toEqual(strong);
  else expect(weak).not.toEqual(strong);
});

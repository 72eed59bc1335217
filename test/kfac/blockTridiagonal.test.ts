import { add, matmul, mul } from "../../src/autodiff/index.js";
import { blockTridiagonal, tridiagonalParts } from "../../src/kfac/blockTridiagonal.js";
import { blockDiagonal } from "../../src/kfac/blockDiagonal.js";
import { dampingRatios, type DampingNorm } from "../../src/kfac/damping.js";
import { denseInverse, denseKroneckerFisher } from "../../src/kfac/dense.js";
import { factorsFrom, KroneckerFactors } from "../../src/kfac/factors.js";
import { kroneckerFactors, type FisherMode } from "../../src/kfac/fisher.js";
import { dampedFactors } from "../../src/kfac/fullKronecker.js";
import type { Inverse } from "../../src/kfac/inverse.js";
import type { Loss } from "../../src/network/loss.js";
import { sigmoidCrossEntropy } from "../../src/network/sigmoidCrossEntropy.js";
import { softmaxCrossEntropy } from "../../src/network/softmaxCrossEntropy.js";
import { squaredError } from "../../src/network/squaredError.js";
import { readScalar } from "../../src/tensor/create.js";
import { NumericalError } from "../../src/tensor/errors.js";
import { to } from "../../src/tensor/to.js";
import { expectClose, rows, rowsOfAll } from "../support/close.js";
import { block, inverse, kron, matrix, product, stacked, times, type Matrix } from "../support/dense.js";
import { assembled, bounds, kroneckerGrid, leastConditional, tridiagonalInverse } from "../support/plainTridiagonal.js";
import { direction, identityActivation, lawPlaces, normalTensor, problem, tensorOf } from "../support/problems.js";

const ofLayers = [1, 2, 3, 4, 5, 6];
const losses = [squaredError, sigmoidCrossEntropy, softmaxCrossEntropy];

/** The same moments with the layers counted from the last. */
function reversed(factors: KroneckerFactors): KroneckerFactors {
  const last = factors.layers - 1;
  const pairs = Array.from({ length: factors.layers }, (_, i) => [i, i + 1]).flatMap(([i, j]) => [
    [i, i],
    [i, j],
  ]);
  const blocks = pairs
    .filter(([, j]) => j <= last)
    .map(([i, j]) => [`${i},${j}`, factors.block(last - i, last - j)] as const);
  return new KroneckerFactors(factors.layers, "neighbours", new Map(blocks));
}

async function smallestOf({ smallest }: Inverse): Promise<number> {
  return smallest === undefined ? NaN : readScalar(smallest);
}

/** γ that keeps every damped factor far from singular, whatever the loss. */
const GAMMA = 0.3;

interface Setting {
  readonly loss?: Loss;
  readonly fisher?: FisherMode;
  readonly cases?: number;
}

describe.each(lawPlaces)("blockTridiagonal, $name", ({ backend }) => {
  const place = { backend };

  /** A network of 1 to 6 layers with the moments of all pairs; these hold those of neighbours. */
  function layersOf(count: number, { loss = squaredError, fisher = "exact", cases = 12 }: Setting = {}) {
    const of = problem({ sizes: [3, 2, 3, 2, 4, 2, 3].slice(0, count + 1), loss, cases, backend });
    const factors = kroneckerFactors(of.net, of.loss, of.data, { fisher, pairs: "all", seed: count });
    return { ...of, factors, shapes: of.net.weights.map((W) => W.shape) };
  }

  /** The grid of damped F̃, from the factors' numbers. */
  async function gridOf(factors: KroneckerFactors, gamma = GAMMA): Promise<Matrix[][]> {
    const layers = Array.from({ length: factors.layers }, (_, i) => i);
    const blocks = await Promise.all(
      layers.map((i) =>
        Promise.all(
          layers.map(async (j) => {
            const { A, G } = factors.block(i, j);
            return { A: await rows(A), G: await rows(G) };
          }),
        ),
      ),
    );
    return kroneckerGrid(layers.length, (i, j) => blocks[i][j], gamma);
  }

  describe.each(losses)("with damped factors under $name", (loss) => {
    test.each(ofLayers)(
      "law 7: F̂ = F̃ on the tridiagonal blocks, and F̂⁻¹ is zero off them, %i layers",
      async (count) => {
        const { factors, shapes, net } = layersOf(count, { loss });
        using apply = blockTridiagonal(factors, { gamma: GAMMA });
        const inverted = await rows(denseInverse(apply, shapes, net.weights[0]));
        const F = inverse(inverted);
        const grid = await gridOf(factors);
        const starts = bounds(grid);
        for (let i = 0; i < count; i++)
          for (let j = 0; j < count; j++) {
            const [across, down] = [i, j].map((l) => [starts[l], starts[l + 1]] as [number, number]);
            if (Math.abs(i - j) <= 1) expectClose(block(F, across, down), grid[i][j]);
            else {
              const scale = Math.max(...inverted.flat().map(Math.abs));
              expect(Math.max(...block(inverted, across, down).flat().map(Math.abs))).toBeLessThan(1e-14 * scale);
            }
          }
      },
    );

    test.each(ofLayers)("law 8: its three sweeps are the dense ΞᵀΛΞ, %i layers", async (count) => {
      const { factors, net } = layersOf(count, { loss });
      const V = direction(net, 1);
      using apply = blockTridiagonal(factors, { gamma: GAMMA });
      expectClose(
        stacked(await rowsOfAll(apply(V))),
        times(tridiagonalInverse(await gridOf(factors)), stacked(await rowsOfAll(V))),
      );
    });

    test.each(["sampled", "curvature-propagation", "empirical"] as const)(
      "law 8 holds for moments by the %s Fisher too",
      async (fisher) => {
        const { factors, net } = layersOf(4, { loss, fisher });
        const V = direction(net, 1);
        using apply = blockTridiagonal(factors, { gamma: GAMMA });
        expectClose(
          stacked(await rowsOfAll(apply(V))),
          times(tridiagonalInverse(await gridOf(factors)), stacked(await rowsOfAll(V))),
        );
      },
    );

    test("law 9: with two layers F̂ = F̃", async () => {
      const { factors, shapes, net } = layersOf(2, { loss });
      using apply = blockTridiagonal(factors, { gamma: GAMMA });
      const F = await rows(denseKroneckerFisher(dampedFactors(factors, { gamma: GAMMA })));
      expectClose(inverse(await rows(denseInverse(apply, shapes, net.weights[0]))), F);
      expectClose(F, assembled(await gridOf(factors)));
    });

    test.each(ofLayers)(
      "law 10: the chain from the last layer to the first gives the same, %i layers",
      async (count) => {
        const { factors, net } = layersOf(count, { loss });
        const V = direction(net, 1);
        using forwards = blockTridiagonal(factors, { gamma: GAMMA });
        using backwards = blockTridiagonal(reversed(factors), { gamma: GAMMA });
        expectClose(
          stacked(await rowsOfAll(backwards([...V].reverse()).reverse())),
          stacked(await rowsOfAll(forwards(V))),
        );
      },
    );

    test.each(ofLayers)(
      "smallest is the least eigenvalue of any Σᵢ|ᵢ₊₁ in the metric of its F̃ᵢᵢ, %i layers",
      async (count) => {
        const { factors } = layersOf(count, { loss });
        const least = leastConditional(await gridOf(factors));
        if (count > 1) expect(least).toBeLessThan(1);
        using apply = blockTridiagonal(factors, { gamma: GAMMA });
        expectClose(await smallestOf(apply), least);
      },
    );
  });

  test.each(ofLayers)("undamped, with well-conditioned factors, it is the dense ΞᵀΛΞ, %i layers", async (count) => {
    // What all layers share, and noise of their own.
    const shared = normalTensor([40, 3], count, place);
    const correlated = (d: number, seed: number) =>
      add(matmul(shared, normalTensor([3, d], seed, place)), normalTensor([40, d], seed + 100, place));
    const widths = [3, 2, 3, 2, 4, 2].slice(0, count);
    const aBars = widths.map((d, i) => correlated(d + 1, 10 + i));
    const gs = widths.map((d, i) => correlated(d, 20 + i));
    const factors = factorsFrom(aBars, gs, { pairs: "all" });
    const V = widths.map((d, i) => normalTensor([d, d + 1], 30 + i, place));
    const grid = await gridOf(factors, 0);
    using apply = blockTridiagonal(factors, {});
    expectClose(stacked(await rowsOfAll(apply(V))), times(tridiagonalInverse(grid), stacked(await rowsOfAll(V))));
    const least = leastConditional(grid);
    if (count > 1) expect(least).toBeLessThan(0.9);
    expectClose(await smallestOf(apply), least);
  });

  test("every diagonal factor is damped with the π of its own block, whatever the norm", async () => {
    const { factors, net } = layersOf(3);
    const V = direction(net, 1);
    for (const norm of ["frobenius", "largest-eigenvalue", "one"] satisfies DampingNorm[]) {
      const pi = dampingRatios(factors, norm);
      using damping = blockTridiagonal(factors, { pi, gamma: GAMMA });
      using damped = blockTridiagonal(dampedFactors(factors, { pi, gamma: GAMMA }), {});
      using other = blockTridiagonal(factors, { gamma: GAMMA });
      const [U, same, different] = await Promise.all(
        [damping, damped, other].map(async (apply) => stacked(await rowsOfAll(apply(V)))),
      );
      expectClose(U, same);
      expect(Math.max(...U.map((u, i) => Math.abs(u - different[i])))).toBeGreaterThan(1e-6);
    }
  });

  test("with one layer it is blockDiagonal", async () => {
    const { factors, net } = layersOf(1);
    const V = direction(net, 1);
    using tridiagonal = blockTridiagonal(factors, { gamma: GAMMA });
    using diagonal = blockDiagonal(factors, { gamma: GAMMA });
    expectClose(stacked(await rowsOfAll(tridiagonal(V))), stacked(await rowsOfAll(diagonal(V))));
    expect(await smallestOf(tridiagonal)).toBe(1);
  });

  test("with layers that have nothing to do with each other it is blockDiagonal, and smallest is 1", async () => {
    const alternating = (parity: number) =>
      tensorOf(
        matrix(20, 2, (n) => Number(n % 2 === parity)),
        place,
      );
    const factors = factorsFrom(
      [normalTensor([20, 3], 1, place), normalTensor([20, 2], 2, place)],
      [mul(normalTensor([20, 2], 3, place), alternating(0)), mul(normalTensor([20, 2], 4, place), alternating(1))],
      { pairs: "neighbours" },
    );
    const V = [normalTensor([2, 3], 5, place), normalTensor([2, 2], 6, place)];
    using tridiagonal = blockTridiagonal(factors, { gamma: 0.01 });
    using diagonal = blockDiagonal(factors, { gamma: 0.01 });
    expectClose(stacked(await rowsOfAll(tridiagonal(V))), stacked(await rowsOfAll(diagonal(V))));
    expect(await smallestOf(tridiagonal)).toBe(1);
  });

  test("on linear layers, undamped, Σ is singular: smallest says so, and the update stays finite", async () => {
    const of = problem({ sizes: [3, 3, 3], activation: identityActivation, cases: 30, backend });
    const factors = kroneckerFactors(of.net, of.loss, of.data, { fisher: "exact", pairs: "neighbours" });
    using apply = blockTridiagonal(factors, {});
    expect(await smallestOf(apply)).toBeLessThan(1e-10);
    for (const value of stacked(await rowsOfAll(apply(direction(of.net, 1))))) expect(value).toBeLessThan(Infinity);
    using damped = blockTridiagonal(factors, { gamma: GAMMA });
    expect(await smallestOf(damped)).toBeGreaterThan(0.01);
  });

  test("of float32 factors, Ψ, roots and eigenvectors are computed in float64: only what is applied is rounded", async () => {
    const { factors, net } = layersOf(4);
    const rounded = factors.mapBlocks(({ A, G }) => ({
      A: to(A, { dtype: "float32" }),
      G: to(G, { dtype: "float32" }),
    }));
    const widened = rounded.mapBlocks(({ A, G }) => ({
      A: to(A, { dtype: "float64" }),
      G: to(G, { dtype: "float64" }),
    }));
    const V = direction(net, 1).map((Vi) => to(Vi, { dtype: "float32" }));
    using inSingle = blockTridiagonal(rounded, { gamma: 0.001 });
    using inDouble = blockTridiagonal(widened, { gamma: 0.001 });
    const U = inSingle(V);
    expect(U[0].dtype).toBe("float32");
    const exact = inDouble(V.map((Vi) => to(Vi, { dtype: "float64" })));
    expectClose(stacked(await rowsOfAll(U)), stacked(await rowsOfAll(exact)), 1e-6);
  });

  test("Ψᵢ,ᵢ₊₁ = F̃ᵢ,ᵢ₊₁ F̃ᵢ₊₁,ᵢ₊₁⁻¹, by its factors", async () => {
    const { factors } = layersOf(3);
    const grid = await gridOf(factors);
    const { Psi } = tridiagonalParts(factors, { gamma: GAMMA });
    expect(Psi).toHaveLength(2);
    for (const [i, { A, G }] of Psi.entries())
      expectClose(kron(await rows(A), await rows(G)), product(grid[i][i + 1], inverse(grid[i + 1][i + 1])));
  });

  test("a factor that is not positive definite throws NumericalError that says what to do, and γ cures it", () => {
    const singular = factorsFrom(
      [normalTensor([2, 5], 1, place), normalTensor([2, 4], 2, place)],
      [normalTensor([2, 3], 3, place), normalTensor([2, 3], 4, place)],
      { pairs: "neighbours" },
    );
    expect(() => blockTridiagonal(singular, {})).toThrow(NumericalError);
    expect(() => blockTridiagonal(singular, {})).toThrow(/not positive.*add damping/);
    expect(() => blockTridiagonal(singular, { gamma: 0.1 })).not.toThrow();
  });

  test("moments of the diagonal alone are refused with the remedy", () => {
    const { net, loss, data } = problem({ backend });
    const diagonal = kroneckerFactors(net, loss, data);
    expect(() => blockTridiagonal(diagonal, { gamma: 1 })).toThrow(/no block \(0, 1\).*ask for "neighbours" or "all"/);
  });
});

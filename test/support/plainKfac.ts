import {
  along,
  blockDiagonalMatrix,
  dot,
  identity,
  inverse,
  plus,
  scaled,
  solve,
  stacked,
  times,
  unstacked,
  type Matrix,
} from "./dense.js";
import type { PlainProblem } from "./plainNetwork.js";
import { kroneckerGrid, tridiagonalInverse } from "./plainTridiagonal.js";

/*
 * Algorithm 2 once more, with dense matrices, the exact Fisher in the statistics and everything recomputed: what Kfac.step is
 * compared with.
 */

export interface PlainOptions {
  readonly adaptLambdaEvery: number;
  readonly adaptGammaEvery: number;
  readonly invertEvery: number;
  readonly momentum: boolean;
  /** Which approximation of F the proposals take: F̆ of §4.2 or F̂ of §4.3. */
  readonly approximation: "F̆" | "F̂";
}

export interface PlainStep {
  readonly objective: number;
  readonly alpha: number;
  readonly mu: number;
  readonly lambda: number;
  readonly gamma: number;
  readonly rho: number | undefined;
  readonly weights: Matrix[];
}

interface Proposal {
  readonly gamma: number;
  readonly inverted: Matrix;
  readonly alpha: number;
  readonly mu: number;
  readonly change: number;
  readonly step: number[];
}

/** One step for each batch. */
export function plainKfac(
  problem: PlainProblem,
  start: readonly Matrix[],
  batches: readonly { inputs: Matrix; targets: Matrix }[],
  startingLambda: number,
  options: PlainOptions,
): PlainStep[] {
  const { eta } = problem;
  const shapes = start.map((W) => [W.length, W[0].length]);
  const layers = start.map((_, i) => i);
  const blocks: { A: Matrix; G: Matrix }[][] = layers.map(() => []);
  const steps: PlainStep[] = [];
  let weights = start.map((W) => W.map((row) => [...row]));
  let lambda = startingLambda;
  let gamma = Math.sqrt(lambda + eta);
  let cached: Matrix | undefined;
  let previous: number[] | undefined;

  batches.forEach(({ inputs, targets }, index) => {
    const k = index + 1;
    const h = problem.objective(weights, inputs, targets);
    const gradient = stacked(problem.gradient(weights, inputs, targets));
    const fisher = problem.fisher(weights, inputs);
    const K = plus(fisher, identity(fisher.length), lambda + eta);

    const epsilon = Math.min(1 - 1 / k, 0.95);
    const mixed = (old: Matrix | undefined, S: Matrix) =>
      old === undefined ? S : plus(scaled(old, epsilon), S, 1 - epsilon);
    for (const i of layers)
      for (const j of layers) {
        const { A, G } = problem.factors(weights, inputs, i, j);
        blocks[i][j] = { A: mixed(blocks[i].at(j)?.A, A), G: mixed(blocks[i].at(j)?.G, G) };
      }

    const propose = (candidate: number, matrix: Matrix): Proposal => {
      const delta = solve(matrix, gradient).map((u) => -u);
      const directions = previous === undefined ? [delta] : [delta, previous];
      const small = directions.map((u) => directions.map((v) => dot(u, times(K, v))));
      const [alpha, mu = 0] = solve(
        small,
        directions.map((u) => -dot(gradient, u)),
      );
      const step = directions.reduce(
        (sum, u, i) => along(sum, u, [alpha, mu][i]),
        gradient.map(() => 0),
      );
      const change = dot(gradient, step) + 0.5 * dot(step, times(K, step));
      return { gamma: candidate, inverted: matrix, alpha, mu, change, step };
    };

    let candidates = [gamma];
    const searching = k % options.adaptGammaEvery === 0;
    if (searching) {
      const omega2 = Math.sqrt(19 / 20) ** options.adaptGammaEvery;
      candidates = [gamma, omega2 * gamma, gamma / omega2].map((g) => Math.min(Math.max(g, Math.sqrt(eta)), 1));
    }
    const due = searching || cached === undefined || k <= 3 || k % options.invertEvery === 0;
    const proposals = candidates.map((g) =>
      propose(g, due || cached === undefined ? damped(blocks, g, options.approximation) : cached),
    );
    const best = proposals.reduce((least, next) => (next.change < least.change ? next : least));
    gamma = best.gamma;
    cached = best.inverted;

    const change = unstacked(best.step, shapes);
    const next = weights.map((W, i) => plus(W, change[i]));
    const used = lambda;
    let rho: number | undefined;
    if (k % options.adaptLambdaEvery === 0) {
      rho = (problem.objective(next, inputs, targets) - h) / best.change;
      const omega1 = (19 / 20) ** options.adaptLambdaEvery;
      if (rho > 0.75) lambda *= omega1;
      else if (rho < 0.25) lambda /= omega1;
    }
    weights = next;
    if (options.momentum) previous = best.step;
    steps.push({ objective: h, alpha: best.alpha, mu: best.mu, lambda: used, gamma, rho, weights: next });
  });
  return steps;
}

/** F̆ or F̂ with factored Tikhonov damping and the trace norm's π (§6.3). */
function damped(
  blocks: readonly (readonly { A: Matrix; G: Matrix }[])[],
  gamma: number,
  approximation: "F̆" | "F̂",
): Matrix {
  const grid = kroneckerGrid(blocks.length, (i, j) => blocks[i][j], gamma);
  return approximation === "F̆" ? blockDiagonalMatrix(grid.map((row, i) => row[i])) : inverse(tridiagonalInverse(grid));
}

import {
  add,
  dense,
  identity,
  mul,
  network,
  sigmoid,
  stream,
  tensor,
  type Backend,
  type Initialize,
  type Network,
} from "kronfac";
import type { Problem } from "./trajectories.js";

/** Three layers, so that F̂ differs from F̃; as many outputs as any layer has units, so that no factor is singular. */
const WIDTHS = [8, 5, 5, 6];
/** How far the start is from the teacher, in standard deviations of each weight's own. */
const AWAY = 0.3;

/**
 * A network of sigmoid units is to learn another's outputs (its teacher's), from a start near it. The inputs are normal, with
 * means, scales and correlations that whitening takes away.
 */
export function teacherProblem(
  { cases, iterations, seed }: { readonly cases: number; readonly iterations: number; readonly seed: number },
  backend: Backend,
): Problem & Disposable {
  const placement = { dtype: "float64", backend } as const;
  const random = stream(seed).split("invariance");
  const inputs = correlated(cases, WIDTHS[0], random.split("inputs").normal(cases * (WIDTHS[0] + 1)));
  const teacher = sigmoidNetwork(placement, seed);
  using x = tensor(inputs, { shape: [cases, WIDTHS[0]], ...placement });
  const targets = teacher.predict(x);
  const weights = teacher.weights.map((W, i) => {
    const noise = random.split(`weights ${i}`).normal(W.shape[0] * W.shape[1]);
    using away = tensor(noise, { shape: W.shape, ...placement });
    using part = mul(away, AWAY);
    return add(W, part);
  });
  teacher.dispose();
  const problem = { widths: WIDTHS, weights, inputs, targets, iterations };
  return { ...problem, [Symbol.dispose]: () => [...weights, targets].forEach((t) => t.dispose()) };
}

/** Weights that are large enough for units to bend, and so for F to be well conditioned: N(0, 25/(d + 1)). */
const large: Initialize = ([dOut, columns], random) =>
  random.normal(dOut * columns).map((value) => (5 * value) / Math.sqrt(columns));

function sigmoidNetwork(placement: { readonly dtype: "float64"; readonly backend: Backend }, seed: number): Network {
  const last = WIDTHS.length - 2;
  return network(
    WIDTHS.slice(1).map((width, i) => dense(WIDTHS[i], width, i === last ? identity : sigmoid)),
    { seed, initialize: large, ...placement },
  );
}

/** xⱼ = ½ + ½n₀ + (½ + j/d) nⱼ for independent normal n. → [cases, d] */
function correlated(cases: number, d: number, normal: Float64Array): Float64Array {
  return Float64Array.from({ length: cases * d }, (_, at) => {
    const [n, j] = [Math.floor(at / d), at % d];
    const own = n * (d + 1);
    return 0.5 + 0.5 * normal[own] + (0.5 + j / d) * normal[own + 1 + j];
  });
}

import {
  concatenate,
  detach,
  factorsFrom,
  gradients,
  gram,
  mul,
  outputOf,
  reshape,
  scope,
  slice,
  sum,
  type KroneckerFactors,
  type Loss,
  type Network,
  type Tensor,
} from "kronfac";

/** Layers first … last of a network, counted from 0. */
export interface Layers {
  readonly first: number;
  readonly last: number;
}

/** ā and g of the chosen layers, with a set of g for each column of B: the expectation over y is then exact. */
interface Moments {
  readonly aBars: Tensor[];
  readonly gs: Tensor[][];
}

/**
 * The exact F (§2.2) of the chosen layers as one matrix, [p, p], θ stacking the columns of each W:
 *   F = E[Dθ Dθᵀ],  Dθ = [ā₁ ⊗ g₁; …],  the expectation over y by the columns of B, BBᵀ = Hess_z L
 * Accumulated over `chunk` cases at a time.
 */
export function exactFisher(net: Network, loss: Loss, inputs: Tensor, layers: Layers, chunk = 250): Tensor {
  const m = inputs.shape[0];
  const part = (start: number, before: Tensor | undefined) =>
    scope(() => {
      const { aBars, gs } = momentsOf(net, loss, slice(inputs, [[start, Math.min(start + chunk, m)]]), layers);
      const rows = concatenate(
        gs.map((set) =>
          concatenate(
            set.map((g, i) => outerRows(aBars[i], g)),
            1,
          ),
        ),
      );
      return gram(rows, { weight: 1 / m, ...(before && { beta: 1, c: before }) });
    });
  return scope(() => {
    let F = part(0, undefined);
    for (let start = chunk; start < m; start += chunk) {
      const before = F;
      F = part(start, before);
      before.dispose();
    }
    return F;
  });
}

/** The factors of F̃ (§3) of the chosen layers, of all their pairs, with the exact expectation over y. */
export function exactFactors(net: Network, loss: Loss, inputs: Tensor, layers: Layers): KroneckerFactors {
  return scope(() => {
    const { aBars, gs } = momentsOf(net, loss, inputs, layers);
    return factorsFrom(aBars, gs, { pairs: "all" });
  });
}

function momentsOf(net: Network, loss: Loss, inputs: Tensor, { first, last }: Layers): Moments {
  const traces = net.forward(inputs);
  const z = outputOf(traces);
  const chosen = traces.slice(first, last + 1);
  const s = chosen.map((trace) => trace.s);
  const columns = loss.factor(detach(z)).columns();
  return {
    aBars: chosen.map((trace) => detach(trace.aBar)),
    gs: columns.map((b) => gradients(sum(mul(z, b)), s)),
  };
}

/** ā ⊗ g of every case, a row each: [m, a], [m, g] → [m, a · g]. */
function outerRows(aBar: Tensor, g: Tensor): Tensor {
  const m = aBar.shape[0];
  return reshape(mul(reshape(aBar, [m, -1, 1]), reshape(g, [m, 1, -1])), [m, -1]);
}

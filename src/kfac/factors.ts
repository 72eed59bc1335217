import { gram, transpose } from "../autodiff/index.js";
import { disposeAll, held } from "../tensor/scope.js";
import { format } from "../tensor/shape.js";
import { share, type Tensor } from "../tensor/tensor.js";

/*
 * Layer i in code is the paper's layer i + 1: diagonal[i].A is Āᵢᵢ of the paper (the input factor of its layer i + 1) and
 * diagonal[i].G its Gᵢ₊₁,ᵢ₊₁. Said once, here.
 */

/** A Kronecker product A ⊗ G, which acts on V [d_out, d_in + 1] as (A ⊗ G) vec(V) = vec(G V Aᵀ), vec stacking columns. */
export interface Kronecker {
  readonly A: Tensor;
  readonly G: Tensor;
}

/** Which blocks are accumulated: layers with themselves, with their neighbours, or with all others. */
export type Pairs = "diagonal" | "neighbours" | "all";

/** How far from the diagonal blocks go. */
const REACH: Record<Pairs, number> = { diagonal: 0, neighbours: 1, all: Infinity };

/** F̃ᵢⱼ = Āᵢ₋₁,ⱼ₋₁ ⊗ Gᵢⱼ (§3) for the pairs asked for: the second moments of ā and of g. */
export class KroneckerFactors implements Disposable {
  readonly pairs: Pairs;
  readonly layers: number;
  readonly #blocks: ReadonlyMap<string, Kronecker>;

  /** @internal Use `kroneckerFactors` or `factorsFrom`. */
  constructor(layers: number, pairs: Pairs, blocks: ReadonlyMap<string, Kronecker>) {
    this.layers = layers;
    this.pairs = pairs;
    this.#blocks = blocks;
  }

  /** A = E[ā āᵀ] of layer i's input and G = E[g gᵀ] of its pre-activations. */
  get diagonal(): Kronecker[] {
    return Array.from({ length: this.layers }, (_, i) => this.block(i, i));
  }

  /** (Āᵢ₋₁,ᵢ, Gᵢ,ᵢ₊₁) of every two neighbours: the cross moments that block-tridiagonal inversion takes. */
  get neighbours(): Kronecker[] {
    return Array.from({ length: this.layers - 1 }, (_, i) => this.block(i, i + 1));
  }

  /** F̃ᵢⱼ; below the diagonal a transpose of what is stored. @throws RangeError for a pair that was not accumulated. */
  block(i: number, j: number): Kronecker {
    const stored = this.#blocks.get(key(Math.min(i, j), Math.max(i, j)));
    if (stored === undefined)
      throw new RangeError(
        `factors: no block (${i}, ${j}) of ${this.layers} layers; pairs are "${this.pairs}", ask for "neighbours" or "all"`,
      );
    return i <= j ? stored : { A: transpose(stored.A), G: transpose(stored.G) };
  }

  /** Factors whose stored blocks (those on and above the diagonal) are functions of these. */
  mapBlocks(change: (block: Kronecker, i: number, j: number) => Kronecker): KroneckerFactors {
    const blocks = [...this.#blocks].map(([name, block]) => {
      const [i = 0, j = 0] = name.split(",").map(Number);
      return [name, change(block, i, j)] as const;
    });
    return new KroneckerFactors(this.layers, this.pairs, new Map(blocks));
  }

  /** Other handles on the same factors. */
  shared(): KroneckerFactors {
    return this.mapBlocks(({ A, G }) => ({ A: share(A), G: share(G) }));
  }

  [held](): unknown[] {
    return [...this.#blocks.values()];
  }

  dispose(): void {
    disposeAll(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * The factors of plain activations and gradients, with no network: āᵢ [m, d_in + 1] and gᵢ [m, d_out] for every layer. Where
 * the expectation over y takes several cotangents a case, `gs` lists one set of gᵢ for each, and G = Σ E[g gᵀ] over the sets.
 * With `previous`, S ← ε S + (1 − ε) S_batch (§5).
 * @throws RangeError where layers or rows do not match.
 */
export function factorsFrom(
  aBars: readonly Tensor[],
  gs: readonly Tensor[] | readonly (readonly Tensor[])[],
  { pairs = "diagonal", previous, epsilon = 0 }: { pairs?: Pairs; previous?: KroneckerFactors; epsilon?: number } = {},
): KroneckerFactors {
  const sets = (Array.isArray(gs[0]) ? gs : [gs]) as readonly (readonly Tensor[])[];
  const layers = aBars.length;
  if (layers === 0 || sets.some((set) => set.length !== layers))
    throw new RangeError(`factors: ${layers} layers of ā, but ${sets.map((set) => set.length).join(", ")} of g`);
  const m = aBars[0].shape[0];
  for (const t of [...aBars, ...sets.flat()])
    if (t.shape.length !== 2 || t.shape[0] !== m || m === 0)
      throw new RangeError(
        `factors: every ā and g must be [${m || "cases"}×features], a row a case, not ${format(t.shape)}`,
      );

  if (!(epsilon >= 0 && epsilon < 1) || (epsilon > 0 && previous === undefined))
    throw new RangeError(`factors: epsilon is ${epsilon}; it must be in [0, 1), and 0 where nothing is previous`);

  return factorsOf(layers, pairs, (i, j) => {
    const old = epsilon === 0 ? undefined : previous?.block(i, j);
    return {
      A: secondMoment([[aBars[i], aBars[j]]], m, epsilon, old?.A),
      G: secondMoment(
        sets.map((set) => [set[i], set[j]]),
        m,
        epsilon,
        old?.G,
      ),
    };
  });
}

/** The factors whose blocks on and above the diagonal, i ≤ j, are those that a function gives. */
export function factorsOf(layers: number, pairs: Pairs, block: (i: number, j: number) => Kronecker): KroneckerFactors {
  const blocks = new Map<string, Kronecker>();
  for (let i = 0; i < layers; i++)
    for (let j = i; j < layers && j - i <= REACH[pairs]; j++) blocks.set(key(i, j), block(i, j));
  return new KroneckerFactors(layers, pairs, blocks);
}

/** ε S + (1 − ε) Σ E[x yᵀ] over the pairs (x, y), E the mean over m rows. */
function secondMoment(
  [first, ...rest]: readonly (readonly [Tensor, Tensor])[],
  m: number,
  epsilon: number,
  old?: Tensor,
): Tensor {
  const accumulated = ([x, y]: readonly [Tensor, Tensor], beta: number, c: Tensor | undefined) =>
    gram(x, { weight: (1 - epsilon) / m, ...(y !== x && { y }), ...(c !== undefined && { beta, c }) });
  return rest.reduce((S, pair) => accumulated(pair, 1, S), accumulated(first, epsilon, old));
}

function key(i: number, j: number): string {
  return `${i},${j}`;
}

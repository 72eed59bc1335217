import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./rules/elementwise.js";
import { primal, Variable, type Input, type Pass } from "./variable.js";

/** How a sweep sees a saved value; the identity unless it is restricted to leading rows. */
export type Saved = (x: Input, level: number) => Input;

/** A variable and the tangent or cotangent it starts with. */
export type Seed = readonly [Variable, Tensor];

/**
 * Reverse sweep: for outputs yⱼ with cotangents gⱼ, Σⱼ gⱼᵀ ∂yⱼ/∂x for every x of `wrt`; undefined where no output depends on x.
 * Only what lies between `wrt` and the outputs is visited.
 */
export function reverse(
  seeds: readonly Seed[],
  wrt: readonly Variable[],
  saved: Saved = primal,
): (Tensor | undefined)[] {
  const path = between(
    wrt,
    seeds.map(([y]) => y),
  );
  const cotangents = new Map<Variable, Tensor>();
  for (const [y, g] of seeds) if (path.has(y)) accumulate(cotangents, y, checkedSeed(y, g, saved));
  for (const y of [...path].sort((p, q) => q.order - p.order)) {
    const g = cotangents.get(y);
    if (g === undefined || y.origin === undefined) continue;
    const { rule, inputs } = y.origin;
    const values = [y, ...inputs].map((x) => saved(x, y.level)) as never[];
    inputs.forEach((x, i) => {
      if (x instanceof Variable && path.has(x)) accumulate(cotangents, x, pass(rule.name, rule.vjp[i], i, g, values));
    });
  }
  return wrt.map((x) => cotangents.get(x));
}

/**
 * Forward sweep: with tangents vᵢ of xᵢ, Σᵢ ∂y/∂xᵢ vᵢ for every y of `outputs`; undefined where y depends on no xᵢ.
 */
export function forward(
  seeds: readonly Seed[],
  outputs: readonly Variable[],
  saved: Saved = primal,
): (Tensor | undefined)[] {
  const path = between(
    seeds.map(([x]) => x),
    outputs,
  );
  const tangents = new Map<Variable, Tensor>();
  for (const [x, v] of seeds) if (path.has(x)) accumulate(tangents, x, checkedSeed(x, v, saved));
  for (const y of [...path].sort((p, q) => p.order - q.order)) {
    if (y.origin === undefined || tangents.has(y)) continue;
    const { rule, inputs } = y.origin;
    const values = [y, ...inputs].map((x) => saved(x, y.level)) as never[];
    inputs.forEach((x, i) => {
      const v = x instanceof Variable ? tangents.get(x) : undefined;
      if (v !== undefined) accumulate(tangents, y, pass(rule.name, rule.jvp[i], i, v, values));
    });
  }
  return outputs.map((y) => tangents.get(y));
}

/** The variables on a path from one of `from` to one of `to`, both ends included. */
export function between(from: readonly Variable[], to: readonly Variable[]): Set<Variable> {
  const ancestors = new Set<Variable>();
  const level = Math.max(0, ...to.map((y) => y.level));
  const pending = [...to];
  for (let y = pending.pop(); y !== undefined; y = pending.pop()) {
    if (ancestors.has(y)) continue;
    ancestors.add(y);
    for (const x of y.origin?.inputs ?? []) if (x instanceof Variable && x.level === level) pending.push(x);
  }
  const path = new Set<Variable>();
  const ends = new Set(from);
  for (const y of [...ancestors].sort((p, q) => p.order - q.order))
    if (ends.has(y) || y.origin?.inputs.some((x) => x instanceof Variable && path.has(x))) path.add(y);
  return path;
}

function accumulate(sums: Map<Variable, Tensor>, x: Variable, g: Tensor): void {
  const sum = sums.get(x);
  sums.set(x, sum === undefined ? g : add(sum, g));
}

function pass(name: string, rule: Pass | undefined, index: number, g: Tensor, values: never[]): Tensor {
  if (rule === undefined)
    throw new TypeError(`${name}: input ${index} has no derivative; detach it, or give its vjp and jvp`);
  return rule(g, ...(values as unknown as [Tensor]));
}

function checkedSeed(x: Variable, seed: Tensor, saved: Saved): Tensor {
  const { shape } = saved(x, x.level) as Tensor;
  if (!sameShape(seed.shape, shape))
    throw new RangeError(
      `a (co)tangent of shape ${format(seed.shape)} was given for a value of shape ${format(shape)}`,
    );
  return seed;
}

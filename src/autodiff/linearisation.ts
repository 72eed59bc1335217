import { zeros } from "../tensor/create.js";
import { held } from "../tensor/scope.js";
import { format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { slice } from "./rules/movement.js";
import { between, forward, reverse, type Saved } from "./sweep.js";
import { primal, seenFrom, Variable, withVariables, levelOf, observing, type Input, type Origin } from "./variable.js";

/**
 * A function evaluated once at a point, to be swept any number of times: in reverse for gᵀJ, forward for Jv.
 * `rows(0, n)` sees only the first n cases of every saved value, as views, so its sweeps cost that fraction.
 */
export class Linearisation<R> {
  /** What the function returned. */
  readonly value: R;
  readonly variables: readonly Variable[];
  readonly #cases: ReadonlySet<Tensor>;
  readonly #constants: ReadonlySet<Tensor>;
  readonly #rows: number | undefined;

  /** @internal Use `linearise`. */
  constructor(
    value: R,
    variables: readonly Variable[],
    cases: ReadonlySet<Tensor>,
    constants: ReadonlySet<Tensor>,
    rows?: number,
  ) {
    this.value = value;
    this.variables = variables;
    this.#cases = cases;
    this.#constants = constants;
    this.#rows = rows;
  }

  /** Σⱼ gⱼᵀ ∂yⱼ/∂x for every x of `wrt`, which may be any variables that the function made; zeros where no y depends on x. */
  pullback(ys: readonly Tensor[], gs: readonly Tensor[], wrt: readonly Tensor[] = this.variables): Tensor[] {
    const from = this.#made("pullback", wrt);
    const to = this.#made("pullback", ys);
    checkCount("pullback", ys, gs, "cotangents");
    const saved = this.#saved(from, to);
    const results = reverse(
      to.map((y, j) => [y, gs[j]]),
      from,
      saved,
    );
    return results.map((g, i) => g ?? zeros((saved(from[i], from[i].level) as Tensor).shape, from[i]));
  }

  /** Σᵢ ∂y/∂xᵢ vᵢ for every y, with a tangent for each of the function's arguments; zeros where y depends on none. */
  pushforward(ys: readonly Tensor[], vs: readonly Tensor[]): Tensor[] {
    const to = this.#made("pushforward", ys);
    checkCount("pushforward", this.variables, vs, "tangents");
    const saved = this.#saved(this.variables, to);
    const results = forward(
      this.variables.map((x, i) => [x, vs[i]]),
      to,
      saved,
    );
    return results.map((v, j) => v ?? zeros((saved(to[j], to[j].level) as Tensor).shape, to[j]));
  }

  /**
   * The same linearisation for cases start … end−1, where start must be 0.
   * @throws RangeError for other rows; its sweeps throw a TypeError where they meet an operation that mixes cases, or an output
   * with a row for each case that was not computed from the declared ones.
   */
  rows(start: number, end: number): Linearisation<R> {
    const counts = [...this.#cases].map((x) => x.shape[0]);
    const inRange = start === 0 && Number.isInteger(end) && end >= 1 && end <= counts[0];
    if (!inRange || counts.some((count) => count !== counts[0]))
      throw new RangeError(
        `rows: [${start}, ${end}) of ${counts.join(", ") || "no declared"} cases; only leading rows 0 … n of declared cases can be had`,
      );
    return new Linearisation(this.value, this.variables, this.#cases, this.#constants, end);
  }

  [held](): unknown[] {
    return [this.value, this.variables, this.#cases];
  }

  /** How saved values are seen: whole, or their leading rows where axis 0 counts cases. */
  #saved(from: readonly Variable[], to: readonly Variable[]): Saved {
    const n = this.#rows;
    if (n === undefined) return primal;
    const caseful = this.#caseful([...from, ...to]);
    for (const y of between(from, to)) if (!caseful.has(y)) refuseCases(y, caseful);
    const total = [...this.#cases][0].shape[0];
    to.forEach((y, j) => {
      if (y.shape[0] === total && !caseful.has(y))
        throw new TypeError(
          `rows: value ${j} of shape ${format(y.shape)} has a row for each case, but does not come from the declared cases; declare what it comes from`,
        );
    });
    const restricted = new Map<Input, Tensor>();
    return (x, level) => {
      const value = primal(x, level);
      if (typeof value === "number" || typeof x === "number") return value;
      if (!caseful.has(x)) return value;
      let rows = restricted.get(x);
      if (rows === undefined) restricted.set(x, (rows = slice(value, [[0, n]])));
      return rows;
    };
  }

  /**
   * Everything whose axis 0 counts cases: what was declared, what operations that keep cases apart made of it, and constants that
   * are as long and stand beside it (a column of ones, targets).
   */
  #caseful(of: readonly Variable[]): Set<Tensor> {
    const caseful = new Set<Tensor>([...this.#cases, ...this.#constants]);
    const ancestors = new Set<Variable>();
    const pending = [...of];
    for (let y = pending.pop(); y !== undefined; y = pending.pop()) {
      if (ancestors.has(y)) continue;
      ancestors.add(y);
      for (const x of y.origin?.inputs ?? []) if (x instanceof Variable && x.level === y.level) pending.push(x);
    }
    for (const y of [...ancestors].sort((p, q) => p.order - q.order)) {
      if (y.origin === undefined) continue;
      const { rule, inputs } = y.origin;
      if (!keepsCases(y, y.origin, caseful)) continue;
      caseful.add(y);
      inputs.forEach((x, i) => {
        if (rule.cases?.[i] && typeof x !== "number" && x.shape[0] === y.shape[0]) caseful.add(x);
      });
    }
    return caseful;
  }

  /** The values as variables of this linearisation's level. @throws TypeError where one is a constant to it. */
  #made(operation: string, xs: readonly Tensor[]): Variable[] {
    const level = this.variables.at(0)?.level ?? 0;
    return xs.map((x, i) => {
      const y = seenFrom(level, x);
      if (!(y instanceof Variable) || y.level !== level)
        throw new TypeError(`${operation}: value ${i} is a constant; it must come from the function's arguments`);
      return y;
    });
  }
}

/**
 * Evaluates f at xs once. `cases` are the constants (or arguments) whose axis 0 counts cases; they are needed for `rows`.
 */
export function linearise<R>(
  f: (xs: Variable[]) => R,
  xs: readonly Tensor[],
  { cases = [] }: { readonly cases?: readonly Tensor[] } = {},
): Linearisation<R> {
  return withVariables(xs, (variables, level) => {
    const declared = cases.map((x) => (xs.includes(x) ? variables[xs.indexOf(x)] : x));
    const constants = new Set(declared.filter((x) => levelOf(x) < level));
    const value = observing(
      (y, origin) => {
        if (levelOf(y) < level && keepsCases(y, origin, constants)) constants.add(y);
      },
      () => f(variables),
    );
    return new Linearisation(value, variables, new Set(declared), constants);
  });
}

/** Whether row r of y comes from case r alone. A variable that stands where cases do must hold cases too. */
function keepsCases(y: Tensor, { rule, inputs }: Origin, caseful: ReadonlySet<Tensor>): boolean {
  const has = inputs.map((x) => typeof x !== "number" && caseful.has(x));
  const isVariable = (x: Input) => x instanceof Variable && x.level === levelOf(y);
  return has.includes(true) && inputs.every((x, i) => (rule.cases?.[i] ? has[i] || !isVariable(x) : !has[i]));
}

/** @throws TypeError where y takes cases in but has none itself. */
function refuseCases({ origin }: Variable, caseful: ReadonlySet<Tensor>): void {
  if (origin?.inputs.some((x) => typeof x !== "number" && caseful.has(x)))
    throw new TypeError(
      `rows: ${origin.rule.name} mixes cases, so it cannot be restricted to leading rows; declare its cases if it does not`,
    );
}

function checkCount(operation: string, values: readonly Tensor[], seeds: readonly Tensor[], kind: string): void {
  if (values.length !== seeds.length)
    throw new RangeError(`${operation}: ${seeds.length} ${kind} for ${values.length} values; give one for each`);
}

import { held } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";

/** What an operation takes; a number is a constant of the other operand's dtype. */
export type Input = Tensor | number;

/** How a cotangent g or a tangent v passes one input of y = value(…xs). Written with differentiable operations. */
export type Pass = (gOrV: Tensor, y: Tensor, ...xs: never[]) => Tensor;

/** A differentiable operation: its value and, for every input, its two derivatives. */
export interface Rule {
  readonly name: string;
  readonly value: (...xs: never[]) => Tensor;
  /** `vjp[i](g, y, …xs)` = gᵀ ∂y/∂xᵢ, of xᵢ's shape. */
  readonly vjp: readonly Pass[];
  /** `jvp[i](v, y, …xs)` = ∂y/∂xᵢ v, of y's shape. */
  readonly jvp: readonly Pass[];
  /** For which inputs row r of y depends on row r of the input alone, for all r; none where it is missing: y mixes cases. */
  readonly cases?: readonly boolean[];
}

/** Where a variable came from. */
export interface Origin {
  readonly rule: Rule;
  readonly inputs: readonly Input[];
}

let created = 0;

/**
 * A tensor that remembers the operation it came from. Its level says which derivative it belongs to: a variable of level n holds
 * a value that may itself be a variable of a lower level, so a derivative taken at level n can be differentiated at level n − 1,
 * and nested derivatives cannot be confused.
 */
export class Variable extends Tensor {
  readonly value: Tensor;
  readonly level: number;
  readonly origin: Origin | undefined;
  /** Grows with creation: an input's is smaller than its output's. */
  readonly order: number;

  constructor(value: Tensor, level: number, origin?: Origin) {
    super(value.shape, value.dtype, value.backend, value, value.offset);
    this.value = value;
    this.level = level;
    this.origin = origin;
    this.order = created++;
  }

  /** What a scope must keep so that this variable can be differentiated. */
  [held](): unknown[] {
    return [this.value, this.origin?.inputs];
  }
}

/** Level of the innermost derivative being taken, and the highest given out so far: variables may outlive their derivative. */
let innermost = 0;
let highest = 0;

/** A variable to differentiate with respect to, for `gradients`. The tensor may be a variable itself: then derivatives nest. */
export function variable(t: Tensor): Variable {
  const level = Math.max(innermost, levelOf(t)) + 1;
  highest = Math.max(highest, level);
  return new Variable(t, level);
}

/** Runs f on fresh variables of a level above every other. */
export function withVariables<R>(xs: readonly Tensor[], f: (variables: Variable[], level: number) => R): R {
  const outer = innermost;
  innermost = Math.max(innermost, highest, ...xs.map(levelOf)) + 1;
  highest = innermost;
  try {
    const level = innermost;
    return f(
      xs.map((x) => new Variable(x, level)),
      level,
    );
  } finally {
    innermost = outer;
  }
}

/** Computes a rule's value, remembering it where an input is a variable. */
export function apply(rule: Rule, ...inputs: Input[]): Tensor {
  let level = 0;
  for (const x of inputs) level = Math.max(level, levelOf(x));
  const y =
    level === 0
      ? rule.value(...(inputs as never[]))
      : new Variable(apply(rule, ...inputs.map((x) => primal(x, level))), level, { rule, inputs });
  for (const observe of observers) observe(y, { rule, inputs });
  return y;
}

type Observer = (y: Tensor, origin: Origin) => void;
const observers = new Set<Observer>();

/** Runs f and is told of every operation in it, those on constants included, which remember nothing themselves. */
export function observing<R>(observe: Observer, f: () => R): R {
  observers.add(observe);
  try {
    return f();
  } finally {
    observers.delete(observe);
  }
}

/** An operation written outside: as one entry with its value and derivatives; a single function serves an operation of one input. */
export function primitive(entry: {
  readonly name: string;
  readonly value: (...xs: never[]) => Tensor;
  readonly vjp: Pass | readonly Pass[];
  readonly jvp: Pass | readonly Pass[];
  readonly cases?: readonly boolean[];
}): (...xs: Input[]) => Tensor {
  const rule: Rule = {
    ...entry,
    vjp: typeof entry.vjp === "function" ? [entry.vjp] : entry.vjp,
    jvp: typeof entry.jvp === "function" ? [entry.jvp] : entry.jvp,
  };
  return (...xs) => apply(rule, ...xs);
}

/** The value alone: a constant to every derivative. */
export function detach(x: Tensor): Tensor {
  return x instanceof Variable ? detach(x.value) : x;
}

/** x as derivatives of `level` see it: below that level it is a constant. */
export function primal<T extends Input>(x: T, level: number): T | Tensor {
  return x instanceof Variable && x.level === level ? x.value : x;
}

/** y as seen from a level: without what f differentiated inside itself. */
export function seenFrom(level: number, y: Tensor): Tensor {
  return y instanceof Variable && y.level > level ? seenFrom(level, y.value) : y;
}

export function levelOf(x: Input): number {
  return x instanceof Variable ? x.level : 0;
}

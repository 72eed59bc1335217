import * as tensor from "../../tensor/elementwise.js";
import type { Tensor } from "../../tensor/tensor.js";
import { apply, detach, type Input, type Rule } from "../variable.js";
import { broadcastTo, sumTo } from "./broadcast.js";

/** One function of every element. */
export type ElementwiseFunction = (x: Tensor) => Tensor;
/** A function of the elements of two operands, broadcast to one shape. */
export type BroadcastingFunction = (a: Input, b: Input) => Tensor;
type Pass1 = (g: Tensor, y: Tensor, x: Tensor) => Tensor;
type Pass2 = (g: Tensor, y: Tensor, a: Tensor, b: Tensor) => Tensor;

/** An elementwise function: its Jacobian is diagonal, so one line is both its vjp and its jvp. */
function elementwise(name: Parameters<typeof tensor.unary>[0], derivative: Pass1): ElementwiseFunction {
  const rule: Rule = {
    name,
    value: (x: Tensor) => tensor.unary(name, x),
    vjp: [derivative],
    jvp: [derivative],
    cases: [true],
  };
  return (x) => apply(rule, x);
}

/** An elementwise function of two operands; cotangents are summed over the axes along which an operand was stretched. */
function broadcasting(name: Parameters<typeof tensor.binary>[0], byA: Pass2, byB: Pass2): BroadcastingFunction {
  const rule: Omit<Rule, "cases"> = {
    name,
    value: (a: Input, b: Input) => tensor.binary(name, a, b),
    vjp: [
      (g, y, a: Tensor, b: Tensor) => sumTo(byA(g, y, a, b), a.shape),
      (g, y, a: Tensor, b: Tensor) => sumTo(byB(g, y, a, b), b.shape),
    ],
    jvp: [
      (v, y, a: Tensor, b: Tensor) => broadcastTo(byA(v, y, a, b), y.shape),
      (v, y, a: Tensor, b: Tensor) => broadcastTo(byB(v, y, a, b), y.shape),
    ],
  };
  return (a, b) => apply({ ...rule, cases: besideOthers(a, b) }, a, b);
}

/** Row r of the result comes from row r of those operands that have all its axes and are not stretched along the first. */
function besideOthers(...operands: readonly Input[]): boolean[] {
  const shapes = operands.map((x) => (typeof x === "number" ? [] : x.shape));
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const rows = shapes.find((shape) => shape.length === rank && shape[0] !== 1)?.[0] ?? 1;
  return shapes.map((shape) => shape.length === rank && shape[0] === rows);
}

/** A comparison is piecewise constant, so always a plain tensor. */
function comparison(name: Parameters<typeof tensor.binary>[0]): BroadcastingFunction {
  return (a, b) => tensor.binary(name, plain(a), plain(b));
}

function plain(x: Input): Input {
  return typeof x === "number" ? x : detach(x);
}

// prettier-ignore
export const add = broadcasting("add", (g) => g, (g) => g);
// prettier-ignore
export const sub = broadcasting("sub", (g) => g, (g) => negative(g));
// prettier-ignore
export const mul = broadcasting("mul", (g, y, a, b) => mul(g, b), (g, y, a) => mul(g, a));
// prettier-ignore
export const div = broadcasting("div", (g, y, a, b) => div(g, b), (g, y, a, b) => negative(mul(g, div(y, b))));
export const pow = broadcasting(
  "pow",
  (g, y, a, b) => mul(g, derivativeOfPower(a, b)),
  (g, y, a) => mul(g, mul(y, logOfBase(a))),
);
/** ∂aᵇ/∂a = b aᵇ⁻¹; a⁰ is constant at a = 0 too. */
function derivativeOfPower(a: Input, b: Input): Input {
  if (typeof b !== "number") return mul(b, pow(a, sub(b, 1)));
  return b === 0 ? 0 : mul(b, pow(a, b - 1));
}
/** log a, but 0 for a = 0: 0ᵇ is constant in b > 0. */
function logOfBase(a: Input): Input {
  if (typeof a !== "number") return log(where(equal(a, 0), 1, a));
  return a === 0 ? 0 : Math.log(a);
}
/** The larger of the two; where they tie, a carries the derivative. */
export const maximum = broadcasting(
  "maximum",
  (g, y, a, b) => mul(g, greaterEqual(a, b)),
  (g, y, a, b) => mul(g, less(a, b)),
);
/** The smaller of the two; where they tie, a carries the derivative. */
export const minimum = broadcasting(
  "minimum",
  (g, y, a, b) => mul(g, lessEqual(a, b)),
  (g, y, a, b) => mul(g, greater(a, b)),
);

export const equal = comparison("equal");
export const notEqual = comparison("notEqual");
export const greater = comparison("greater");
export const greaterEqual = comparison("greaterEqual");
export const less = comparison("less");
export const lessEqual = comparison("lessEqual");

export const negative = elementwise("negative", (g) => negative(g));
export const abs = elementwise("abs", (g, y, x) => mul(g, sign(x)));
/** −1, 0 or 1: piecewise constant, so always a plain tensor. */
export const sign = (x: Tensor): Tensor => tensor.unary("sign", detach(x));
export const reciprocal = elementwise("reciprocal", (g, y) => negative(mul(g, square(y))));
export const square = elementwise("square", (g, y, x) => mul(g, mul(x, 2)));
export const sqrt = elementwise("sqrt", (g, y) => div(g, mul(y, 2)));
export const exp = elementwise("exp", (g, y) => mul(g, y));
export const log = elementwise("log", (g, y, x) => div(g, x));
export const tanh = elementwise("tanh", (g, y) => mul(g, sub(1, square(y))));
export const sigmoid = elementwise("sigmoid", (g, y) => mul(g, mul(y, sub(1, y))));
/** log(1 + eˣ), without overflow. */
export const softplus = elementwise("softplus", (g, y, x) => mul(g, sigmoid(x)));
/** max(x, 0), with derivative 0 at 0. */
export const relu = elementwise("relu", (g, y, x) => mul(g, greater(x, 0)));
/** x itself; the activation of a linear layer. */
export const identity = (x: Tensor): Tensor => x;

/** a where the condition is not 0, b elsewhere; all three broadcast, and the condition carries no derivative. */
export function where(condition: Tensor, a: Input, b: Input): Tensor {
  return apply({ ...whereRule, cases: besideOthers(condition, a, b) }, detach(condition), a, b);
}
const none = (): never => {
  throw new TypeError("where: the condition carries no derivative");
};
const whereRule: Omit<Rule, "cases"> = {
  name: "where",
  value: tensor.where,
  vjp: [
    none,
    (g, y, c: Tensor, a: Tensor) => sumTo(where(c, g, 0), a.shape),
    (g, y, c: Tensor, a: Tensor, b: Tensor) => sumTo(where(c, 0, g), b.shape),
  ],
  jvp: [
    none,
    (v, y, c: Tensor) => broadcastTo(where(c, v, 0), y.shape),
    (v, y, c: Tensor) => broadcastTo(where(c, 0, v), y.shape),
  ],
};

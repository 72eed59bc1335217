import type { BinaryOperation, UnaryOperation } from "../../tensor/backend.js";
import { size, type Shape } from "../../tensor/shape.js";
import type { Parameter, Program } from "../program.js";
import type { Argument, Launcher, Resident } from "../resident.js";
import { broadcastStrides, collapse } from "../strides.js";
import { walked } from "./movement.js";

/**
 * Functions of x as bodies that leave their value in y. tanh and softplus keep their relative accuracy where a formula of exponentials
 * would lose it, and none overflows on the way to a finite value. Devices' exp, log and pow need not keep NaN, and their compilers may
 * take x ≠ x to be false: NaN stays where no comparison holds.
 */
const unaryBodies: Readonly<Record<UnaryOperation, string>> = {
  negative: "y = 0 - x;",
  abs: "y = Math.abs(x);",
  sign: "y = x + x; if (x > 0) { y = 1; } if (x < 0) { y = -1; }",
  reciprocal: "y = 1 / x;",
  square: "y = x * x;",
  sqrt: "y = Math.sqrt(x);",
  exp: "y = x * 3.4028234e38; if (x < 200) { y = Math.exp(x); }",
  // Devices round log to 2⁻²¹ near 1, where it is smaller than that; there 2 artanh((x − 1) / (x + 1)), by its series. √x is NaN below 0.
  log: `
    y = Math.sqrt(x);
    if (x === 0) { y = -1 / Math.abs(x); }
    if (x > 0) {
      y = Math.log(x);
      const t = (x - 1) / (x + 1);
      const s = t * t;
      if (s < 0.04) {
        y = 2 * t * (1 + s * (0.3333333333 + s * (0.2 + s * (0.1428571429 + s * (0.1111111111 + s * 0.0909090909)))));
      }
    }`,
  // Near 0 its continued fraction, elsewhere (1 − e⁻²ˣ) / (1 + e⁻²ˣ).
  tanh: `
    const t = Math.abs(x);
    const s = x * x;
    const e = Math.exp(-2 * t);
    y = x;
    if (x >= 0.6) { y = (1 - e) / (1 + e); }
    if (x <= -0.6) { y = (e - 1) / (1 + e); }
    if (t < 0.6) { y = x / (1 + s / (3 + s / (5 + s / (7 + s / (9 + s / 11))))); }`,
  sigmoid: `
    const e = Math.exp(-Math.abs(x));
    y = x;
    if (x >= 0) { y = 1 / (1 + e); }
    if (x < 0) { y = e / (1 + e); }`,
  // max(x, 0) + log(1 + e⁻|ˣ|); log(1 + e) = 2 artanh(e / (2 + e)), by its series where e is small.
  softplus: `
    const e = Math.exp(-Math.abs(x));
    const t = e / (2 + e);
    const s = t * t;
    let l = Math.log(1 + e);
    if (e < 0.5) { l = 2 * t * (1 + s * (0.3333333333 + s * (0.2 + s * (0.1428571429 + s * 0.1111111111)))); }
    y = x;
    if (x > 0) { y = x + l; }
    if (x <= 0) { y = l; }`,
  relu: "y = x; if (x <= 0) { y = 0; }",
};

/** Functions of p and q as bodies that leave their value in y. */
const binaryBodies: Readonly<Record<BinaryOperation, string>> = {
  add: "y = p + q;",
  sub: "y = p - q;",
  mul: "y = p * q;",
  div: "y = p / q;",
  // Devices know powers of positive bases only. The exponent is odd where half of it is halfway between whole numbers.
  pow: `
    const t = Math.abs(p);
    y = t + q;
    if (t > 0) { if (Math.abs(q) > 0) { y = Math.pow(t, q); } }
    if (t === 0) { if (q > 0) { y = t; } if (q < 0) { y = 1 / t; } }
    let negative = 0;
    if (p < 0) { negative = 1; }
    if (p === 0) { if (1 / p < 0) { negative = 1; } }
    if (negative === 1) {
      const half = q * 0.5;
      if (Math.floor(q) === q) {
        if (Math.floor(half) !== half) { y = -y; }
      } else if (p < 0) {
        if (t <= 3.4028234e38) { y = Math.sqrt(p); }
      }
    }
    if (t === 1) { if (Math.abs(q) > 3.4028234e38) { y = Math.sqrt(-t); } }
    if (q === 0) { y = 1; }`,
  maximum: "y = p + q; if (p > q) { y = p; } else if (q >= p) { y = q; }",
  minimum: "y = p + q; if (p < q) { y = p; } else if (q <= p) { y = q; }",
  equal: "if (p === q) { y = 1; }",
  notEqual: "y = 1; if (p === q) { y = 0; }",
  greater: "if (p > q) { y = 1; }",
  greaterEqual: "if (p >= q) { y = 1; }",
  less: "if (p < q) { y = 1; }",
  lessEqual: "if (p <= q) { y = 1; }",
};

const unaryPrograms = Object.fromEntries(
  Object.entries(unaryBodies).map(([name, body]): [string, Program] => [
    name,
    {
      name,
      rank: 1,
      parameters: { a: "array" },
      body: `const x = a[this.thread.x]; let y = 0.5; y = 0; ${body} return y;`,
    },
  ]),
) as Record<UnaryOperation, Program>;

export function unary(run: Launcher, operation: UnaryOperation, x: Resident, length: number): Resident {
  return run.launch(unaryPrograms[operation], [x], [length]);
}

/** An operand of an elementwise operation and its shape; numbers have none. */
export interface Broadcast {
  readonly value: Argument;
  readonly shape: Shape;
}

export function binary(run: Launcher, operation: BinaryOperation, a: Broadcast, b: Broadcast, shape: Shape): Resident {
  return zipped(run, operation, binaryBodies[operation], { p: a, q: b }, shape);
}

export function where(run: Launcher, condition: Broadcast, a: Broadcast, b: Broadcast, shape: Shape): Resident {
  return zipped(run, "where", "y = p; if (c === 0) { y = q; }", { c: condition, p: a, q: b }, shape);
}

/** An elementwise function of operands that broadcast, whose body finds them under their names. */
function zipped(
  run: Launcher,
  name: string,
  body: string,
  operands: Readonly<Record<string, Broadcast>>,
  shape: Shape,
): Resident {
  const all = Object.entries(operands);
  const arrays = all.filter(([, { value }]) => typeof value !== "number");
  const walk = collapse(
    shape,
    arrays.map(([, x]) => broadcastStrides(x.shape, shape)),
  );
  if (walk.shape.length > 3) {
    const stretched = arrays.map(([key, { value, shape: own }]) => {
      const strides = broadcastStrides(own, shape);
      return [key, { value: walked(run, value as Resident, shape, strides), shape }] as const;
    });
    return run.consuming(
      stretched.map(([, { value }]) => value),
      () => zipped(run, name, body, { ...operands, ...Object.fromEntries(stretched) }, shape),
    );
  }
  const line = walk.shape.length <= 1;
  const program = zippedProgram(
    name,
    body,
    all.map(([key, { value }]) => [key, typeof value === "number"]),
    line,
  );
  const args: Argument[] = [];
  for (const [key, { value }] of all) {
    args.push(value);
    if (typeof value === "number") continue;
    const strides = walk.strides[arrays.findIndex(([other]) => other === key)];
    for (let axis = line ? 1 : 3; axis > 0; axis--) args.push(strides[strides.length - axis] ?? 0);
  }
  const [x = 1, y = 1, z = 1] = [...walk.shape].reverse();
  return run.launch(program, args, size(shape) === 0 ? [0] : line ? [x] : [x, y, z]);
}

const zippedPrograms = new Map<string, Program>();

/** The kernel of such a function over a line or three axes; each operand is a number, or an array with its strides. */
function zippedProgram(
  name: string,
  body: string,
  operands: readonly (readonly [name: string, isNumber: boolean])[],
  line: boolean,
): Program {
  const axes = line ? ["x"] : ["z", "y", "x"];
  const full = `${name}-${operands.map(([, isNumber]) => (isNumber ? "n" : "a")).join("")}-${axes.length}`;
  let program = zippedPrograms.get(full);
  if (program !== undefined) return program;
  const parameters: Record<string, Parameter> = {};
  const reads: string[] = [];
  for (const [key, isNumber] of operands) {
    if (isNumber) {
      parameters[key] = "number";
      continue;
    }
    parameters[`of${key}`] = "array";
    for (const axis of axes) parameters[`${key}${axis}`] = "integer";
    reads.push(`const ${key} = of${key}[${axes.map((axis) => `this.thread.${axis} * ${key}${axis}`).join(" + ")}];`);
  }
  program = {
    name: full,
    rank: line ? 1 : 3,
    parameters,
    body: `${reads.join(" ")} let y = 0.5; y = 0; ${body} return y;`,
  };
  zippedPrograms.set(full, program);
  return program;
}

import type { BinaryOperation, UnaryOperation } from "../../tensor/backend.js";

/** An elementwise function: a body that finds its operands under their names and leaves its value in y, which is 0 before. */
export interface ElementwiseFunction {
  readonly name: string;
  readonly operands: readonly string[];
  readonly body: string;
  /** Whether to compute it a second time costs more than to store it. */
  readonly costly: boolean;
}

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

/** Transcendental functions. */
const costly: readonly string[] = ["exp", "log", "tanh", "sigmoid", "softplus", "pow"];

function functions<Name extends string>(
  bodies: Readonly<Record<Name, string>>,
  operands: readonly string[],
): Readonly<Record<Name, ElementwiseFunction>> {
  const named = Object.entries<string>(bodies).map(([name, body]) => [
    name,
    { name, operands, body, costly: costly.includes(name) },
  ]);
  return Object.fromEntries(named) as Record<Name, ElementwiseFunction>;
}

export const unaryFunctions = functions(unaryBodies, ["x"]);
export const binaryFunctions = functions(binaryBodies, ["p", "q"]);
/** p where the condition is not 0, else q. */
export const { where: whereFunction } = functions({ where: "y = p; if (c === 0) { y = q; }" }, ["c", "p", "q"]);

import type { BinaryOperation, UnaryOperation } from "../backend.js";
import { zeros, type DType, type FloatArray } from "../dtype.js";
import { broadcastStrides, sameShape, size, type Shape } from "../shape.js";

/** log(1 + eˣ) without overflow: max(x, 0) + log1p(e^{−|x|}). */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

export const unaryFunctions: Record<UnaryOperation, (x: number) => number> = {
  negative: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  reciprocal: (x) => 1 / x,
  square: (x) => x * x,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus,
  relu: (x) => (x < 0 ? 0 : x),
};

export const binaryFunctions: Record<BinaryOperation, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
  equal: (a, b) => Number(a === b),
  notEqual: (a, b) => Number(a !== b),
  greater: (a, b) => Number(a > b),
  greaterEqual: (a, b) => Number(a >= b),
  less: (a, b) => Number(a < b),
  lessEqual: (a, b) => Number(a <= b),
};

export function map(x: FloatArray, f: (x: number) => number): FloatArray {
  const out = x.slice();
  for (let i = 0; i < out.length; i++) out[i] = f(out[i]);
  return out;
}

/** f over two operands that broadcast to `shape`. */
export function zip(
  a: FloatArray | number,
  shapeA: Shape,
  b: FloatArray | number,
  shapeB: Shape,
  shape: Shape,
  dtype: DType,
  f: (a: number, b: number) => number,
): FloatArray {
  const out = zeros(dtype, size(shape));
  if (typeof a === "number") {
    const scalar = a;
    return rows([b as FloatArray], [shapeB], shape, out, (q) => f(scalar, q));
  }
  if (typeof b === "number") {
    for (let i = 0; i < out.length; i++) out[i] = f(a[i], b);
    return out;
  }
  if (sameShape(shapeA, shapeB)) {
    for (let i = 0; i < out.length; i++) out[i] = f(a[i], b[i]);
    return out;
  }
  return rows([a, b], [shapeA, shapeB], shape, out, (p, q) => f(p, q));
}

/** a where the condition is not 0, else b. */
export function choose(
  condition: FloatArray,
  shapeC: Shape,
  a: FloatArray | number,
  shapeA: Shape,
  b: FloatArray | number,
  shapeB: Shape,
  shape: Shape,
  dtype: DType,
): FloatArray {
  const boxed = [condition, asArray(a), asArray(b)];
  return rows(boxed, [shapeC, shapeA, shapeB], shape, zeros(dtype, size(shape)), (c, p, q) => (c !== 0 ? p : q));
}

function asArray(x: FloatArray | number): FloatArray {
  return typeof x === "number" ? Float64Array.of(x) : x;
}

/** Walks the result a row (its last axis) at a time; each operand has an offset that follows its broadcast strides. */
function rows(
  operands: readonly FloatArray[],
  shapes: readonly Shape[],
  shape: Shape,
  out: FloatArray,
  f: (...values: number[]) => number,
): FloatArray {
  const padded = shape.length === 0 ? [1] : shape;
  const steps = shapes.map((from) => (shape.length === 0 ? [0] : broadcastStrides(from, shape)));
  const last = padded.length - 1;
  const length = padded[last];
  const offsets = operands.map(() => 0);
  const index = padded.map(() => 0);
  const [p = zeros("float64", 1), q = p, r = p] = operands;
  const [stepP = 0, stepQ = 0, stepR = 0] = steps.map((step) => step[last]);
  for (let start = 0; start < out.length; start += length) {
    const [atP = 0, atQ = 0, atR = 0] = offsets;
    for (let j = 0; j < length; j++) out[start + j] = f(p[atP + j * stepP], q[atQ + j * stepQ], r[atR + j * stepR]);
    for (let axis = last - 1; axis >= 0; axis--) {
      index[axis]++;
      for (let o = 0; o < offsets.length; o++) offsets[o] += steps[o][axis];
      if (index[axis] < padded[axis]) break;
      for (let o = 0; o < offsets.length; o++) offsets[o] -= steps[o][axis] * padded[axis];
      index[axis] = 0;
    }
  }
  return out;
}

import type { BinaryOperation, Operand, UnaryOperation } from "../../tensor/backend.js";
import { cpu } from "../../tensor/cpu/index.js";
import { bytesPerElement, type DType, type FloatArray } from "../../tensor/dtype.js";
import { broadcastStrides, sameShape, size, type Shape } from "../../tensor/shape.js";
import type { Block } from "../heap.js";
import { address, type Runtime } from "../runtime.js";
import { planes } from "./planes.js";

/** What the kernel `map` does, by its number there; pow alone is computed in JavaScript. */
const operations = [
  "negative", "abs", "sign", "reciprocal", "square", "sqrt", "exp", "log", "tanh", "sigmoid", "softplus", "relu",
  "add", "sub", "mul", "div", "maximum", "minimum", "equal", "notEqual", "greater", "greaterEqual", "less", "lessEqual",
  "select",
] as const; // prettier-ignore

type MapOperation = (typeof operations)[number];

/** Multiplications that take as long as one element: threads pay for functions long before they do for plain arithmetic. */
const costs: Partial<Record<MapOperation, number>> = { exp: 30, log: 30, tanh: 30, sigmoid: 30, softplus: 60 };
const PLAIN = 4;

const OPERANDS = 3;
const JOB_BYTES = 64;

export function unary(runtime: Runtime, operation: UnaryOperation, x: Operand): Block {
  return map(runtime, operation, [x], x.shape, x.dtype);
}

export function binary(
  runtime: Runtime,
  operation: BinaryOperation,
  a: Operand | number,
  b: Operand | number,
  shape: Shape,
  dtype: DType,
): Block {
  if (operation !== "pow") return map(runtime, operation, [a, b], shape, dtype);
  const [p, q] = [a, b].map((x) =>
    typeof x === "number" ? x : { shape: x.shape, dtype, storage: runtime.view(x), offset: 0 },
  );
  return runtime.heap.store(cpu().binary(operation, p, q, shape, dtype) as FloatArray);
}

/** a where the condition is not 0, else b. */
export function where(
  runtime: Runtime,
  condition: Operand,
  a: Operand | number,
  b: Operand | number,
  shape: Shape,
  dtype: DType,
): Block {
  return map(runtime, "select", [condition, a, b], shape, dtype);
}

/** The operation's value at each element of one to three operands that broadcast to `shape`. */
function map(
  runtime: Runtime,
  operation: MapOperation,
  operands: readonly (Operand | number)[],
  shape: Shape,
  dtype: DType,
): Block {
  const elements = size(shape);
  const out = runtime.allocate(elements, dtype);
  if (elements === 0) return out;
  const scratch = runtime.scratch(JOB_BYTES + OPERANDS * bytesPerElement("float64"));
  const addresses = operands.map((x, i) =>
    typeof x === "number" ? constant(runtime, x, dtype, scratch + JOB_BYTES + 8 * i) : address(x),
  );
  const number = operations.indexOf(operation);
  const bytes = bytesPerElement(dtype);
  let to = out.address;
  for (const { rows, columns, starts, rowSteps, columnSteps } of walk(operands, shape, elements)) {
    const readings = [scratch, 0, 0, scratch, 0, 0, scratch, 0, 0];
    addresses.forEach((from, i) => {
      readings[3 * i] = from + starts[i] * bytes;
      readings[3 * i + 1] = rowSteps[i];
      readings[3 * i + 2] = columnSteps[i];
    });
    const work = rows * columns * (costs[operation] ?? PLAIN);
    runtime.share(work, "map", dtype, number, rows, columns, ...readings, to, scratch);
    to += rows * columns * bytes;
  }
  return out;
}

/** Puts a number where kernels can read it. */
function constant(runtime: Runtime, value: number, dtype: DType, at: number): number {
  runtime.call("fill", dtype, 1, value, at);
  return at;
}

/** The planes of the result; most often it is one row, whose operands are as long or a single number. */
function walk(operands: readonly (Operand | number)[], shape: Shape, elements: number) {
  const isNumber = operands.map((x) => typeof x === "number" || size(x.shape) === 1);
  if (operands.every((x, i) => isNumber[i] || sameShape((x as Operand).shape, shape))) {
    const none = operands.map(() => 0);
    const columnSteps = isNumber.map((constantly) => (constantly ? 0 : 1));
    return [{ rows: 1, columns: elements, starts: none, rowSteps: none, columnSteps }];
  }
  const steps = operands.map((x) => broadcastStrides(typeof x === "number" ? [] : x.shape, shape));
  return planes(shape, steps);
}

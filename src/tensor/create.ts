import type { Backend } from "./backend.js";
import { defaultBackend } from "./defaultBackend.js";
import { zeros as zeroArray, type DType, type FloatArray } from "./dtype.js";
import type { RandomStream } from "./random.js";
import { checkShape, format, size, type Shape } from "./shape.js";
import { Tensor, view } from "./tensor.js";

/** Where a new tensor lives and what it holds. */
export interface Placement {
  /** "float32" unless the values are a Float64Array. */
  readonly dtype?: DType;
  readonly backend?: Backend;
}

/** Numbers as they are written down: a scalar, nested arrays, or a flat typed array with its shape. */
export type Values = number | readonly Values[] | ArrayLike<number>;

/**
 * Copies numbers into a tensor. The shape is that of the nested arrays unless it is given.
 * @throws RangeError for ragged arrays, and where the shape does not hold as many elements as there are values.
 */
export function tensor(values: Values, options: Placement & { readonly shape?: Shape } = {}): Tensor {
  const dtype = options.dtype ?? (values instanceof Float64Array ? "float64" : "float32");
  const own = shapeOf(values);
  const shape = options.shape ?? own;
  checkShape("tensor", shape);
  if (size(shape) !== size(own))
    throw new RangeError(
      `tensor: shape ${format(shape)} holds ${size(shape)} elements, but ${size(own)} values were given`,
    );
  const flat = zeroArray(dtype, size(shape));
  if (ArrayBuffer.isView(values)) flat.set(values as unknown as FloatArray);
  else flatten(values, flat, 0);
  return fromArray(flat, [...shape], options.backend);
}

/** A tensor of a flat array's elements (copied), of that array's dtype; no checks. */
export function fromArray(flat: FloatArray, shape: Shape, backend = defaultBackend()): Tensor {
  const dtype = flat instanceof Float32Array ? "float32" : "float64";
  checkDtype("tensor", dtype, backend);
  return new Tensor(shape, dtype, backend, backend.upload(flat));
}

/** Every element the same. */
export function full(
  shape: Shape,
  value: number,
  { dtype = "float32", backend = defaultBackend() }: Placement = {},
): Tensor {
  checkShape("full", shape);
  checkDtype("full", dtype, backend);
  return new Tensor([...shape], dtype, backend, backend.fill(shape, dtype, value));
}

export function zeros(shape: Shape, placement?: Placement): Tensor {
  return full(shape, 0, placement);
}

export function ones(shape: Shape, placement?: Placement): Tensor {
  return full(shape, 1, placement);
}

/** Numbers uniform in (0, 1), row by row the next of the stream: the same on every backend and in both dtypes. */
export function uniform(
  shape: Shape,
  random: RandomStream,
  { dtype = "float32", backend = defaultBackend() }: Placement = {},
): Tensor {
  checkShape("uniform", shape);
  if (backend.uniform === undefined) return tensor(random.uniform(size(shape)), { shape, dtype, backend });
  checkDtype("uniform", dtype, backend);
  return new Tensor([...shape], dtype, backend, backend.uniform(random.skip(size(shape)), dtype));
}

/** The [n, n] identity matrix: δᵢⱼ, a row of indices compared with a column of them. */
export function eye(n: number, { dtype = "float32", backend = defaultBackend() }: Placement = {}): Tensor {
  checkShape("eye", [n]);
  using indices = fromArray(
    zeroArray(dtype, n).map((_, i) => i),
    [n],
    backend,
  );
  using column = view(indices, [n, 1]);
  return new Tensor([n, n], dtype, backend, backend.binary("equal", column, indices, [n, n], dtype));
}

/**
 * Labels 0 … classes−1 as rows with a single 1: [m] → [m, classes].
 * @throws RangeError for a label that is no class.
 */
export function oneHot(labels: ArrayLike<number>, classes: number, placement: Placement = {}): Tensor {
  checkShape("oneHot", [classes]);
  const { dtype = "float32", backend } = placement;
  const flat = zeroArray(dtype, labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new RangeError(`oneHot: label ${label} of case ${i} is not an integer in 0 … ${classes - 1}`);
    flat[i * classes + label] = 1;
  }
  return fromArray(flat, [labels.length, classes], backend);
}

/** Copies the elements out, row by row, once they are computed: the one operation on tensors that waits. */
export async function read(t: Tensor): Promise<FloatArray> {
  return t.backend.read(t);
}

/** The one element of a scalar (or of any one-element tensor). */
export async function readScalar(t: Tensor): Promise<number> {
  if (size(t.shape) !== 1)
    throw new RangeError(`readScalar: ${format(t.shape)} holds ${size(t.shape)} elements, not one`);
  return (await t.backend.read(t))[0];
}

/** @throws TypeError where the backend does not compute in this dtype. */
export function checkDtype(operation: string, dtype: DType, backend: Backend): void {
  if (!backend.dtypes.includes(dtype))
    throw new TypeError(`${operation}: backend ${backend.name} has no ${dtype}; use ${backend.dtypes.join(" or ")}`);
}

function shapeOf(values: Values): number[] {
  if (typeof values === "number") return [];
  if (!Array.isArray(values)) {
    if (typeof (values as ArrayLike<number>).length !== "number")
      throw new TypeError(`tensor: values must be a number, nested arrays or a typed array, not ${typeof values}`);
    return [values.length];
  }
  const parts = values as readonly Values[];
  const inner = parts.length === 0 ? [] : shapeOf(parts[0]);
  parts.forEach((part, index) => {
    const other = shapeOf(part);
    if (format(other) !== format(inner))
      throw new RangeError(
        `tensor: nested arrays are ragged: part 0 has shape ${format(inner)}, part ${index} ${format(other)}`,
      );
  });
  return [parts.length, ...inner];
}

function flatten(values: Values, flat: FloatArray, at: number): number {
  if (typeof values === "number") {
    flat[at] = values;
    return at + 1;
  }
  for (const value of Array.from<Values>(values)) at = flatten(value, flat, at);
  return at;
}

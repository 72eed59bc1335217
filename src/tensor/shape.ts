/** The lengths of a tensor's axes; [] is a scalar (0-d). */
export type Shape = readonly number[];

/** How many elements a tensor of this shape has. */
export function size(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** A shape as error messages print it: [3×4], [] for a scalar. */
export function format(shape: Shape): string {
  return `[${shape.join("×")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Row-major strides: strides[i] = Π_{j>i} shape[j]. */
export function strides(shape: Shape): number[] {
  const result = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result[axis] = stride;
    stride *= shape[axis];
  }
  return result;
}

/**
 * The shape two operands broadcast to: axes are aligned at the right, and a length of 1 (or a missing axis) stretches.
 * @throws RangeError where two lengths differ and neither is 1.
 */
export function broadcastShapes(operation: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const p = a[i - rank + a.length] ?? 1;
    const q = b[i - rank + b.length] ?? 1;
    if (p !== q && p !== 1 && q !== 1)
      throw new RangeError(
        `${operation}: ${format(a)} and ${format(b)} do not broadcast: lengths ${p} and ${q} differ and neither is 1`,
      );
    return p === 1 ? q : p;
  });
}

/** The strides with which an operand of shape `from` is read as `to`: 0 along every axis that stretches. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = strides(from);
  const shift = to.length - from.length;
  return to.map((_, axis) => (axis < shift || from[axis - shift] === 1 ? 0 : own[axis - shift]));
}

/** One axis, or several; negative ones count from the end. */
export type Axes = number | readonly number[];

/**
 * The named axes as sorted, distinct, non-negative numbers; all of them where none is named.
 * @throws RangeError for an axis the tensor does not have, or one named twice.
 */
export function resolveAxes(operation: string, shape: Shape, axes?: Axes): number[] {
  if (axes === undefined) return shape.map((_, axis) => axis);
  const list = typeof axes === "number" ? [axes] : axes;
  const resolved = list.map((axis) => {
    const positive = axis < 0 ? axis + shape.length : axis;
    if (!Number.isInteger(positive) || positive < 0 || positive >= shape.length)
      throw new RangeError(`${operation}: axis ${axis} does not exist in ${format(shape)}`);
    return positive;
  });
  if (new Set(resolved).size !== resolved.length)
    throw new RangeError(`${operation}: axes [${list.join(", ")}] of ${format(shape)} name one axis twice`);
  return resolved.sort((p, q) => p - q);
}

/** Whether every length is a non-negative integer. */
export function isShape(shape: Shape): boolean {
  return shape.every((length) => Number.isInteger(length) && length >= 0);
}

/** @throws RangeError unless every length is a non-negative integer. */
export function checkShape(operation: string, shape: Shape): void {
  if (!isShape(shape))
    throw new RangeError(`${operation}: ${format(shape)} is no shape; lengths are integers of at least 0`);
}

import { size, type Shape } from "../tensor/shape.js";

/** How an array is walked: the distance between neighbours along each axis of the output; 0 along axes that it is stretched over. */
export type Strides = readonly number[];

/** The walk of a row-major array of `shape` that broadcasts to the output. */
export function broadcastStrides(shape: Shape, output: Shape): number[] {
  const missing = output.length - shape.length;
  return output.map((_, axis) =>
    axis < missing || shape[axis - missing] === 1 ? 0 : size(shape.slice(axis - missing + 1)),
  );
}

/** An output and the walks over its operands, with neighbouring axes that every walk takes in one stride made into one. */
export interface Walk {
  readonly shape: readonly number[];
  readonly strides: readonly Strides[];
}

/** The walk with as few axes as describe it. */
export function collapse(shape: Shape, strides: readonly Strides[]): Walk {
  const axes = shape.map((_, axis) => axis).filter((axis) => shape[axis] !== 1);
  const merged: number[] = [];
  const walks = strides.map((): number[] => []);
  for (const axis of axes) {
    const joins =
      merged.length > 0 && walks.every((walk, i) => walk[walk.length - 1] === strides[i][axis] * shape[axis]);
    if (joins) merged[merged.length - 1] *= shape[axis];
    else merged.push(shape[axis]);
    walks.forEach((walk, i) => {
      if (joins) walk[walk.length - 1] = strides[i][axis];
      else walk.push(strides[i][axis]);
    });
  }
  return { shape: merged, strides: walks };
}

/** Positions are float32 on a device; beyond this not every whole number is one. */
const LARGEST_POSITION = 2 ** 24;

/** Where each element of the output stands in an array that is walked so. @throws RangeError for a position that float32 has not. */
export function positions(shape: Shape, strides: Strides, offset: number): Float32Array {
  const last = shape.reduce((total, length, axis) => total + (length - 1) * strides[axis], offset);
  if (last > LARGEST_POSITION)
    throw new RangeError(
      `gpu: element ${last} of an array of more than three axes is beyond ${LARGEST_POSITION}; make it smaller`,
    );
  let found = Float32Array.of(offset);
  shape.forEach((length, axis) => {
    const next = new Float32Array(found.length * length);
    found.forEach((base, i) => {
      for (let j = 0; j < length; j++) next[i * length + j] = base + j * strides[axis];
    });
    found = next;
  });
  return found;
}

import { size, type Shape } from "../tensor/shape.js";

/** The distance between neighbours along each axis; 0 along axes that an array is stretched over. */
export type Strides = readonly number[];

/** The strides of an array whose elements stand one after the other. */
export function rowMajor(shape: Shape): number[] {
  return shape.map((_, axis) => size(shape.slice(axis + 1)));
}

/** Where elements stand in an array: the first at `offset`, the others by strides. Its axes are as few as describe it. */
export interface Walk {
  readonly shape: Shape;
  readonly strides: Strides;
  readonly offset: number;
}

/** The walk with neighbouring axes that one stride leads along made into one. */
export function collapsed(shape: Shape, strides: Strides, offset: number): Walk {
  const merged: number[] = [];
  const found: number[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const last = merged.length - 1;
    if (last >= 0 && found[last] === strides[axis] * length) {
      merged[last] *= length;
      found[last] = strides[axis];
    } else {
      merged.push(length);
      found.push(strides[axis]);
    }
  });
  return { shape: merged, strides: found, offset };
}

/** An array from its start, element after element. */
export function line(length: number): Walk {
  return collapsed([length], [1], 0);
}

export function isLine({ shape, strides, offset }: Walk): boolean {
  return offset === 0 && (shape.length === 0 || (shape.length === 1 && strides[0] === 1));
}

/** A walk's strides along the axes of a shape of as many elements; undefined where one of these leads over several of its own. */
export function stridesAlong(shape: Shape, { shape: own, strides }: Walk): number[] | undefined {
  const found = new Array<number>(shape.length).fill(0);
  let axis = own.length;
  /** What the shape's axes so far leave of the walk's axis, and the stride there. */
  let left = 1;
  let stride = 0;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 1) continue;
    if (left === 1) {
      axis--;
      left = own[axis];
      stride = strides[axis];
    }
    if (left % shape[i] !== 0) return undefined;
    found[i] = stride;
    stride *= shape[i];
    left /= shape[i];
  }
  return found;
}

/** The fewest axes that all walks over so many elements have strides along; undefined where there are none. */
export function commonAxes(length: number, walks: readonly Walk[]): number[] | undefined {
  /** How many elements there are inside of each axis of each walk. */
  const insides = new Set([1, length]);
  for (const { shape } of walks) for (const inside of rowMajor(shape)) insides.add(inside);
  const ascending = [...insides].sort((a, b) => a - b);
  const axes = ascending.slice(1).map((inside, i) => inside / ascending[i]);
  return axes.every(Number.isInteger) ? axes.reverse() : undefined;
}

/** Positions are float32 on a device; beyond this not every whole number is one. */
const LARGEST_POSITION = 2 ** 24;

/** The position of every element. @throws RangeError for one that float32 has not. */
export function positions({ shape, strides, offset }: Walk): Float32Array {
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

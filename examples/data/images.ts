/** Grey images, one a row: `pixels` is [count, width · height], row-major, in [0, 1] with 0 the background. */
export interface Images {
  readonly name: string;
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly pixels: Float32Array;
  /** [count], the class of each image. */
  readonly labels: Uint8Array;
}

/** The index of the first image of each class, in the order of the classes. */
export function oneOfEachClass({ labels }: Images): number[] {
  const first = new Map<number, number>();
  labels.forEach((label, index) => {
    if (!first.has(label)) first.set(label, index);
  });
  return [...first].sort(([a], [b]) => a - b).map(([, index]) => index);
}

/** The chosen images, copied: [indices.length, width · height]. */
export function select({ pixels, width, height }: Images, indices: readonly number[]): Float32Array {
  const size = width * height;
  const chosen = new Float32Array(indices.length * size);
  indices.forEach((index, row) => {
    chosen.set(pixels.subarray(index * size, (index + 1) * size), row * size);
  });
  return chosen;
}

import type { Images } from "./images.js";

/**
 * The same images at another, smaller size by area averaging: each new pixel is the mean of the old ones it covers, in
 * proportion to the area that it covers of them (a square of 1.75 × 1.75 old pixels, from 28 × 28 to 16 × 16).
 *
 * @throws RangeError where the new size is larger than the old
 */
export function downscale(images: Images, width: number, height: number): Images {
  if (!(width >= 1 && height >= 1 && width <= images.width && height <= images.height))
    throw new RangeError(
      `downscale: ${images.width} × ${images.height} images cannot become ${width} × ${height}; give a size from 1 × 1 up to their own`,
    );
  const across = overlaps(images.width, width);
  const down = overlaps(images.height, height);
  const pixels = new Float32Array(images.count * width * height);
  for (let n = 0; n < images.count; n++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (const [row, tall] of down[y])
          for (const [column, wide] of across[x])
            sum += tall * wide * images.pixels[(n * images.height + row) * images.width + column];
        pixels[(n * height + y) * width + x] = sum;
      }
  return { ...images, width, height, pixels };
}

/** For each of `to` equal parts of a line of `from` cells: the cells it meets, each with its share of the part. */
function overlaps(from: number, to: number): [cell: number, share: number][][] {
  const length = from / to;
  return Array.from({ length: to }, (_, part) => {
    const [start, end] = [part * length, (part + 1) * length];
    const cells = Array.from({ length: Math.ceil(end - 1e-9) - Math.floor(start) }, (_, i) => Math.floor(start) + i);
    return cells.map((cell): [number, number] => [cell, (Math.min(end, cell + 1) - Math.max(start, cell)) / length]);
  });
}

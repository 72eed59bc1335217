import { PNG } from "pngjs";

/** A black gap between images. */
const GAP = 2;

/**
 * Grey images side by side as one PNG, in a data URI. images: [n, width · height], 0 black and 1 white; values beyond
 * are clipped, and what is not a number is black.
 */
export function strip(images: Float32Array, width: number, height: number): string {
  const count = images.length / (width * height);
  if (!Number.isInteger(count) || count === 0) {
    throw new RangeError(
      `strip: ${images.length} values are no whole number of ${width}×${height} images; give [n, width · height]`,
    );
  }
  const across = count * (width + GAP) - GAP;
  const png = new PNG({ width: across, height, colorType: 0, inputColorType: 0, inputHasAlpha: false });
  png.data = Buffer.alloc(across * height);
  images.forEach((value, at) => {
    const image = Math.floor(at / (width * height));
    const y = Math.floor(at / width) % height;
    const x = at % width;
    png.data[y * across + image * (width + GAP) + x] = Math.round(255 * Math.min(1, Math.max(0, value)));
  });
  return `data:image/png;base64,${PNG.sync.write(png, { colorType: 0, inputColorType: 0, inputHasAlpha: false }).toString("base64")}`;
}

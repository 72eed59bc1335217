import { digits } from "../../../examples/data/digits.js";
import { downscale } from "../../../examples/data/downscale.js";
import type { Images } from "../../../examples/data/images.js";

const images = (width: number, height: number, ...pixels: number[]): Images => ({
  name: "n",
  count: pixels.length / (width * height),
  width,
  height,
  pixels: Float32Array.from(pixels),
  labels: new Uint8Array(pixels.length / (width * height)),
});

test("halving averages squares of four pixels, image by image", () => {
  const small = downscale(images(4, 2, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0), 2, 1);
  expect(small).toMatchObject({ count: 2, width: 2, height: 1 });
  expect(Array.from(small.pixels)).toEqual([0.5, 0.25, 1, 0]);
});

test("a pixel that two new ones share counts for each by area", () => {
  const small = downscale(images(3, 1, 1, 0.5, 0), 2, 1); // each new pixel covers one and a half
  small.pixels.forEach((value, i) => expect(value).toBeCloseTo([(1 + 0.25) / 1.5, 0.25 / 1.5][i], 6));
});

test("every digit keeps its mean brightness from 28 × 28 to 16 × 16", () => {
  const large = digits();
  const small = downscale(large, 16, 16);
  const mean = (pixels: Float32Array) => pixels.reduce((sum, value) => sum + value) / pixels.length;
  for (let n = 0; n < large.count; n += 500)
    expect(mean(small.pixels.subarray(n * 256, (n + 1) * 256))).toBeCloseTo(
      mean(large.pixels.subarray(n * 784, (n + 1) * 784)),
      6,
    );
});

test("the same size is the same image, and a larger one is refused with both sizes", () => {
  const one = images(2, 2, 0, 0.25, 0.5, 1);
  expect(downscale(one, 2, 2).pixels).toEqual(one.pixels);
  expect(() => downscale(one, 3, 2)).toThrow("downscale: 2 × 2 images cannot become 3 × 2");
});

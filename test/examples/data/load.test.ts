import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { loadImages } from "../../../examples/data/load.js";
import { UsageError } from "../../../examples/usage-error.js";
import { idx } from "../support/idx.js";

const IMAGES = "train-images-idx3-ubyte";
const LABELS = "train-labels-idx1-ubyte";

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "images-"))));
afterEach(() => rmSync(directory, { recursive: true }));
const write = (name: string, bytes: Uint8Array) => writeFileSync(join(directory, name), bytes);

test("a directory of IDX files, gzipped or not, gives images in [0, 1] with their labels", () => {
  write(`${IMAGES}.gz`, gzipSync(idx([2, 1, 3], [0, 51, 255, 255, 51, 0])));
  write(LABELS, idx([2], [7, 3]));
  const images = loadImages({ directory });
  expect(images).toMatchObject({ count: 2, width: 3, height: 1, labels: Uint8Array.of(7, 3) });
  expect(images.pixels).toEqual(Float32Array.of(0, 0.2, 1, 1, 0.2, 0));
});

test("labels that do not match the images in number are refused with both numbers", () => {
  write(IMAGES, idx([2, 1, 1], [0, 1]));
  write(LABELS, idx([3], [1, 2, 3]));
  expect(() => loadImages({ directory })).toThrow(UsageError);
  expect(() => loadImages({ directory })).toThrow(
    /labels-idx1-ubyte: 3 labels for the 2 images of .*use the two files/,
  );
});

test("a directory without the files is refused with their names", () => {
  expect(() => loadImages({ directory })).toThrow(`${directory}: holds neither ${IMAGES} nor ${IMAGES}.gz`);
  write(IMAGES, idx([1, 1, 1], [0]));
  expect(() => loadImages({ directory })).toThrow(`${directory}: holds neither ${LABELS} nor ${LABELS}.gz`);
});

test("a directory that does not exist is refused as such", () => {
  const absent = join(directory, "absent");
  expect(() => loadImages({ directory: absent })).toThrow(`${absent}: there is no such directory`);
});

test("without a directory the digits of the mnist package are loaded", () => {
  expect(loadImages().count).toBe(10_000);
});

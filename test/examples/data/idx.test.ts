import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parseIdx, readIdx } from "../../../examples/data/idx.js";
import { UsageError } from "../../../examples/usage-error.js";
import { idx } from "../support/idx.js";

const images = idx([2, 2, 3], [0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]);

test("an IDX file gives its shape and its values in order", () => {
  expect(parseIdx(images, 3, "f")).toEqual({
    shape: [2, 2, 3],
    values: Uint8Array.of(0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255),
  });
});

test("dimensions are big-endian 32-bit integers", () => {
  const values = Array.from({ length: 258 }, (_, i) => i % 256);
  expect(parseIdx(idx([258], values), 1, "f").shape).toEqual([258]);
});

test("a view into a larger buffer is read from its own start", () => {
  const padded = new Uint8Array(images.length + 7);
  padded.set(images, 7);
  expect(parseIdx(padded.subarray(7), 3, "f").values[11]).toBe(255);
});

describe("each damaged IDX file is refused in one line that names the file, the numbers and the remedy", () => {
  const changed = (position: number, value: number) => images.with(position, value);
  test.each([
    ["an empty file", new Uint8Array(0), 3, "f: truncated, it has 0 bytes of the 16 of an IDX header; fetch it again"],
    [
      "a header cut short",
      images.slice(0, 9),
      3,
      "f: truncated, it has 9 bytes of the 16 of its header; fetch it again",
    ],
    ["text", new TextEncoder().encode("<html>"), 3, "f: begins with 0x3c68746d, so it is not an IDX file"],
    ["another type of value", changed(2, 0x0d), 3, "f: holds values of type 0x0d; convert them to unsigned bytes"],
    ["images where labels belong", images, 1, "f: has 3 dimensions where 1 are wanted"],
    ["labels where images belong", idx([4], [1, 2, 3, 4]), 3, "f: has 1 dimensions where 3 are wanted"],
    ["an empty set", idx([0, 28, 28], []), 3, "f: its header says 0 × 28 × 28, which is empty; choose another file"],
    [
      "missing values",
      images.slice(0, -1),
      3,
      "f: truncated, it has 11 bytes of 12 values (2 × 2 × 3) after its header",
    ],
    [
      "trailing bytes",
      Uint8Array.of(...images, 0, 0),
      3,
      "f: 2 bytes follow the 12 values (2 × 2 × 3) its header promises",
    ],
  ])("%s", (_, bytes, dimensions, message) => {
    const parse = () => parseIdx(bytes, dimensions, "f");
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow(/\n/);
  });
});

describe("on disk", () => {
  let directory: string;
  beforeAll(() => (directory = mkdtempSync(join(tmpdir(), "idx-"))));
  afterAll(() => rmSync(directory, { recursive: true }));
  const write = (name: string, bytes: Uint8Array): string => {
    const file = join(directory, name);
    writeFileSync(file, bytes);
    return file;
  };

  test("a gzipped file reads as the plain one, whatever its name", () => {
    expect(readIdx(write("plain", gzipSync(images)), 3)).toEqual(parseIdx(images, 3, "f"));
  });

  test("a gzipped file cut short is refused by name", () => {
    const zipped = gzipSync(images);
    const file = write("short.gz", zipped.subarray(0, zipped.length - 10));
    expect(() => readIdx(file, 3)).toThrow(`${file}: ${zipped.length - 10} gzipped bytes do not unzip`);
  });

  test("a file that is not there is refused by name", () => {
    const file = join(directory, "none");
    expect(() => readIdx(file, 3)).toThrow(`${file}: cannot be read (ENOENT)`);
  });
});

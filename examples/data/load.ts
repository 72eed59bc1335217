import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { digits } from "./digits.js";
import { readIdx } from "./idx.js";
import type { Images } from "./images.js";
import { UsageError } from "../usage-error.js";

/** The two parts of a data set in the format of MNIST, as their files begin. */
const TRAINING = "train";
const HELD_OUT = "t10k";

const imagesOf = (part: string) => `${part}-images-idx3-ubyte`;
const labelsOf = (part: string) => `${part}-labels-idx1-ubyte`;

/**
 * The images to train on: the digits of the `mnist` package, or the training set in `directory` in the format of MNIST
 * (IDX, gzipped or not), such as /usr/share/datasets/fashion-mnist of Debian's `dataset-fashion-mnist`.
 *
 * @throws UsageError naming the file, what it holds and the remedy
 */
export function loadImages({ directory }: { directory?: string | undefined } = {}): Images {
  return directory === undefined ? digits() : imagesIn(directory, TRAINING);
}

/** Images to train on, and others that training never sees. */
export interface Split {
  readonly training: Images;
  readonly heldOut: Images;
}

/** Of images that come without a part of their own to hold out. */
const HELD_OUT_SHARE = 0.2;

/**
 * The same images and what is held out of training: the `t10k` files of the directory, or the last fifth of the images where it
 * has none (as of the digits of the `mnist` package, of which every part is balanced).
 *
 * @throws UsageError as `loadImages` does
 */
export function loadSplit({ directory }: { directory?: string | undefined } = {}): Split {
  const images = loadImages({ directory });
  if (directory !== undefined && isIn(directory, imagesOf(HELD_OUT)))
    return { training: images, heldOut: imagesIn(directory, HELD_OUT) };
  const kept = images.count - Math.round(HELD_OUT_SHARE * images.count);
  return { training: part(images, 0, kept), heldOut: part(images, kept, images.count) };
}

/** Images start … end − 1, as views. */
function part(images: Images, start: number, end: number): Images {
  const size = images.width * images.height;
  return {
    ...images,
    count: end - start,
    pixels: images.pixels.subarray(start * size, end * size),
    labels: images.labels.subarray(start, end),
  };
}

function imagesIn(directory: string, part: string): Images {
  const imageFile = find(directory, imagesOf(part));
  const labelFile = find(directory, labelsOf(part));
  const images = readIdx(imageFile, 3);
  const labels = readIdx(labelFile, 1);
  const [count, height, width] = images.shape;
  if (labels.shape[0] !== count) {
    throw new UsageError(
      `${labelFile}: ${labels.shape[0]} labels for the ${count} images of ${imageFile}; use the two files of one data set`,
    );
  }
  return {
    name: basename(resolve(directory)),
    count,
    width,
    height,
    pixels: scale(images.values),
    labels: new Uint8Array(labels.values),
  };
}

/** Bytes to [0, 1]. A loop: Float32Array.from takes ten seconds over 60,000 images. */
function scale(bytes: Uint8Array): Float32Array {
  const pixels = new Float32Array(bytes.length);
  for (let p = 0; p < bytes.length; p++) pixels[p] = bytes[p] / 255;
  return pixels;
}

const filesOf = (directory: string, name: string) => [name, `${name}.gz`].map((file) => join(directory, file));

const isIn = (directory: string, name: string) => filesOf(directory, name).some((path) => existsSync(path));

function find(directory: string, name: string): string {
  const file = filesOf(directory, name).find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new UsageError(
    existsSync(directory)
      ? `${directory}: holds neither ${name} nor ${name}.gz; --data wants a directory with both files of a training set`
      : `${directory}: there is no such directory; --data wants one that holds ${imagesOf(TRAINING)} and ${labelsOf(TRAINING)}, gzipped or not`,
  );
}

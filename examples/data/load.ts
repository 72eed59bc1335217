import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { digits } from "./digits.js";
import { readIdx } from "./idx.js";
import type { Images } from "./images.js";
import { UsageError } from "../usage-error.js";

const IMAGES = "train-images-idx3-ubyte";
const LABELS = "train-labels-idx1-ubyte";

/**
 * The images to train on: the digits of the `mnist` package, or the training set in `directory` in the format of MNIST
 * (IDX, gzipped or not), such as /usr/share/datasets/fashion-mnist of Debian's `dataset-fashion-mnist`.
 *
 * @throws UsageError naming the file, what it holds and the remedy
 */
export function loadImages({ directory }: { directory?: string | undefined } = {}): Images {
  return directory === undefined ? digits() : imagesIn(directory);
}

function imagesIn(directory: string): Images {
  const imageFile = find(directory, IMAGES);
  const labelFile = find(directory, LABELS);
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

function find(directory: string, name: string): string {
  const file = [name, `${name}.gz`].map((candidate) => join(directory, candidate)).find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new UsageError(
    existsSync(directory)
      ? `${directory}: holds neither ${name} nor ${name}.gz; --data wants a directory with both files of a training set`
      : `${directory}: there is no such directory; --data wants one that holds ${IMAGES} and ${LABELS}, gzipped or not`,
  );
}

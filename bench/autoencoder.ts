import { glorot, tensor, type Backend, type Data, type Network } from "../src/index.js";
import { autoencoder, widthsOf } from "../examples/autoencoder/autoencoder.js";
import { digits } from "../examples/data/digits.js";

/** 784-1000-500-250-30-250-500-1000-784, the network of §13. */
export const ENCODER = [1000, 500, 250, 30];
export const PIXELS = 784;
export const WIDTHS = widthsOf(PIXELS, ENCODER);

/** The benchmark's network from its own start. */
export function makeNetwork(backend: Backend, seed = 0): Network {
  return autoencoder(PIXELS, ENCODER, { seed, backend, dtype: "float32", initialize: glorot });
}

/** The first digits of the mnist package as a batch to reproduce. */
export function makeBatch(backend: Backend, size: number): Data & Disposable {
  pixels ??= digits().pixels;
  const inputs = tensor(pixels.subarray(0, size * PIXELS), { shape: [size, PIXELS], backend });
  return { inputs, targets: inputs, [Symbol.dispose]: () => inputs.dispose() };
}

let pixels: Float32Array | undefined;

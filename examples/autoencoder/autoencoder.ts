import { dense, identity, network, sigmoidCrossEntropy, tanh, type Network, type NetworkOptions } from "kronfac";

/** −Σ [x log σ(z) + (1 − x) log(1 − σ(z))] over the pixels of an image: x are probabilities, z the network's output. */
export const loss = sigmoidCrossEntropy;

/** Every width from the image to its reconstruction: 784, 1000, 500, 250, 30, 250, 500, 1000, 784. */
export function widthsOf(pixels: number, encoder: readonly number[]): number[] {
  const half = [pixels, ...encoder];
  return [...half, ...half.slice(0, -1).reverse()];
}

/** tanh units but for the code and the output, which are linear (§13); the sigmoid of the output belongs to the loss. */
export function autoencoder(pixels: number, encoder: readonly number[], options: NetworkOptions): Network {
  const widths = widthsOf(pixels, encoder);
  const linear = new Set([encoder.length, widths.length - 1]);
  const layers = widths.slice(1).map((width, i) => dense(widths[i], width, linear.has(i + 1) ? identity : tanh));
  return network(layers, options);
}

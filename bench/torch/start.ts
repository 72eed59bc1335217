import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { read, stream, type Network } from "../../src/index.js";
import type { Images } from "../../examples/data/images.js";

/** What all trainers start from, as files that Python reads. */
export interface Start extends Disposable {
  readonly directory: string;
  /** Row numbers of minibatch k = 0, 1, …, which are the same for all. */
  minibatch(k: number): Uint32Array;
}

/**
 * Writes the images, the initial weights and the minibatches as raw little-endian arrays, and start.json that describes them:
 * images.f32 [count, pixels], weights.f32 Wᵢ [dᵢ, dᵢ₋₁ + 1] one after the other, minibatches.u32 [iterations, size].
 */
export async function writeStart(
  net: Network,
  images: Images,
  { iterations, size, seed, ...settings }: { iterations: number; size: number; seed: number } & Record<string, number>,
): Promise<Start> {
  const random = stream(seed).split("minibatches");
  const minibatch = (k: number) => random.split(k).permutation(images.count, size);
  const directory = mkdtempSync(join(tmpdir(), "kronfac-torch-"));
  const shapes = net.weights.map((W) => W.shape);
  const weights = await Promise.all(net.weights.map(read));
  const rows = new Uint32Array(iterations * size);
  for (let k = 0; k < iterations; k++) rows.set(minibatch(k), k * size);
  const write = (name: string, values: NodeJS.ArrayBufferView) => writeFileSync(join(directory, name), values);
  write("images.f32", images.pixels);
  write(
    "weights.f32",
    Buffer.concat(weights.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))),
  );
  write("minibatches.u32", rows);
  const description = {
    shapes,
    count: images.count,
    pixels: images.width * images.height,
    iterations,
    size,
    ...settings,
  };
  writeFileSync(join(directory, "start.json"), JSON.stringify(description));
  return { directory, minibatch, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}

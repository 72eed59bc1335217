import { dense, identity, Kfac, network, sigmoidCrossEntropy, stream, tanh, tensor, wasm } from "kronfac";

/** Wide enough, with so many cases, that products are shared between threads. */
const widths = [100, 50, 10, 50, 100];
const CASES = 256;
const STEPS = 20;

/**
 * The losses of the first steps of K-FAC on a small autoencoder. They are the same bits wherever WebAssembly runs: its kernels
 * without relaxed SIMD round alike on every machine.
 */
export async function losses(threads: number): Promise<number[]> {
  const backend = wasm({ threads, simd: "baseline" });
  const layers = widths.slice(1).map((width, i) => dense(widths[i], width, i % 2 === 0 ? tanh : identity));
  using net = network(layers, { seed: 3, backend });
  using images = tensor(stream(4).uniform(CASES * widths[0]), { shape: [CASES, widths[0]], dtype: "float32", backend });
  using optimizer = new Kfac(net, sigmoidCrossEntropy, { seed: 5 });
  const measured: number[] = [];
  for (let step = 0; step < STEPS; step++)
    measured.push((await optimizer.step({ inputs: images, targets: images })).loss);
  backend.stop();
  return measured;
}

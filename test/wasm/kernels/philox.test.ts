import { philox } from "../../../src/tensor/random.js";
import { bytesOf, roundings, type Dtype, type Kernels } from "./modules.js";

/** Consecutive numbers from word `word` of block `block` on, by the host's generator. */
function onHost([k0, k1]: [number, number], block: number, word: number, n: number): number[] {
  const words = Array.from({ length: Math.ceil((word + n) / 4) }).flatMap((_, b) => {
    const out = new Uint32Array(4);
    philox((block + b) >>> 0, Math.floor((block + b) / 2 ** 32), 0, 0, k0, k1, out);
    return [...out];
  });
  return words.slice(word, word + n).map((w) => ((w >>> 9) + 0.5) / 2 ** 23);
}

/** The same by the kernel, which must write nothing before or behind them. */
function byKernel(kernels: Kernels, dtype: Dtype, key: [number, number], block: number, word: number, n: number) {
  kernels.free();
  const margin = 8;
  const all = kernels.put(dtype, new Float64Array(n + 2 * margin).fill(7));
  const scratch = kernels.reserve(64);
  const out = all + margin * bytesOf[dtype];
  kernels.call(`uniform_${dtype}`, 0, ...key, block, Math.floor(block / 2 ** 32), word, n, out, scratch);
  const result = [...kernels.get(dtype, all, n + 2 * margin)];
  expect([...result.slice(0, margin), ...result.slice(n + margin)]).toEqual(new Array<number>(2 * margin).fill(7));
  return result.slice(margin, n + margin);
}

describe.each(roundings)("uniform numbers, $dtype of $name, are the host's bit for bit:", ({ kernels, dtype }) => {
  const key: [number, number] = [0xdeadbeef, 0xfffffff7];

  test.each([0, 1, 2, 3])("any number of them from word %i of a block on", (word) => {
    for (const n of [0, 1, 2, 3, 4, 5, 7, 13, 16, 17, 29, 16_383, 16_384, 16_389])
      expect(byKernel(kernels, dtype, key, 5, word, n)).toEqual(onHost(key, 5, word, n));
  });

  test.each([2 ** 31 - 2, 2 ** 32 - 5, 2 ** 32 - 1, 2 ** 32, 3 * 2 ** 40 + 2 ** 31 + 1, 2 ** 51 - 9])(
    "from block %i on, though its counter overflows 32 bits",
    (block) => {
      expect(byKernel(kernels, dtype, key, block, 3, 101)).toEqual(onHost(key, block, 3, 101));
    },
  );

  test("of any key", () => {
    const keys: [number, number][] = [[0, 0], [0xffffffff, 0xffffffff], [0x80000000, 1]]; // prettier-ignore
    for (const k of keys) expect(byKernel(kernels, dtype, k, 0, 0, 64)).toEqual(onHost(k, 0, 0, 64));
  });
});

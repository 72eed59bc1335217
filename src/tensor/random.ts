import type { Draw } from "./backend.js";

/**
 * Random numbers from a counter-based generator, Philox 4×32-10 (Salmon, Moraes, Dror & Shaw 2011): block c of stream k is a
 * bijection of (k, c), so streams can be split by name and each number depends on nothing but the seed and its place.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** A stream of random numbers. Drawing advances it; `split` derives an independent stream and does not. */
export class RandomStream {
  readonly #key: readonly [number, number];
  /** The next number is word 0 … 3 of this block, which the buffer holds unless it is word 0. */
  #block: number;
  #word = 0;
  readonly #buffer = new Uint32Array(4);

  /** @internal Use `stream(seed)`. */
  constructor(key: readonly [number, number], block = 0) {
    this.#key = key;
    this.#block = block;
  }

  /** The stream of that name or number below this one; it does not depend on what was drawn so far. */
  split(name: string | number): RandomStream {
    const words = new Uint32Array(4);
    const text = typeof name === "number" ? `#${name}` : name;
    // The name, hashed to 64 bits (FNV-1a twice), is a counter block of this stream outside the range that draws use.
    philox(fnv(text, 0x811c9dc5), fnv(text, 0x01234567), 0xffffffff, 0xffffffff, this.#key[0], this.#key[1], words);
    return new RandomStream([words[0], words[1]]);
  }

  /** `count` numbers uniform in (0, 1): odd multiples of 2⁻²⁴, so exactly the same in float32 and float64. */
  uniform(count: number): Float64Array {
    const out = new Float64Array(count);
    for (let i = 0; i < count; i++) out[i] = ((this.#next() >>> 9) + 0.5) / 0x800000;
    return out;
  }

  /** Passes over `count` numbers, and says which they are: what a backend is told that makes them itself. */
  skip(count: number): Draw {
    const draw = { key: this.#key, block: this.#block, word: this.#word, count };
    const end = this.#word + count;
    this.#block += Math.floor(end / 4);
    this.#word = end % 4;
    if (this.#word > 0) this.#fill();
    return draw;
  }

  /** `count` independent N(0, 1) numbers, by Box–Muller. */
  normal(count: number): Float64Array {
    const u = this.uniform(count + (count % 2));
    for (let i = 0; i < u.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(u[i]));
      const angle = 2 * Math.PI * u[i + 1];
      u[i] = radius * Math.cos(angle);
      u[i + 1] = radius * Math.sin(angle);
    }
    return u.subarray(0, count);
  }

  /** 1 with probability p, else 0. */
  bernoulli(p: ArrayLike<number>): Float64Array {
    return this.uniform(p.length).map((u, i) => (u < p[i] ? 1 : 0));
  }

  /** For each row of probabilities [rows, classes], a class drawn from it. */
  categorical(probabilities: ArrayLike<number>, classes: number): Float64Array {
    return this.uniform(probabilities.length / classes).map((u, row) => {
      let below = 0;
      let category = 0;
      while (category < classes - 1 && (below += probabilities[row * classes + category]) <= u) category++;
      return category;
    });
  }

  /** A whole number uniform in 0 … bound−1, without bias. */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32)
      throw new RangeError(`integer: bound ${bound} must be an integer in 1 … 2³²`);
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = this.#next();
    while (word >= limit) word = this.#next();
    return word % bound;
  }

  /** The first `count` of 0 … n−1 in random order (all of them by default), by Fisher–Yates. */
  permutation(n: number, count = n): Uint32Array {
    const items = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < Math.min(count, n - 1); i++) {
      const j = i + this.integer(n - i);
      const swapped = items[i];
      items[i] = items[j];
      items[j] = swapped;
    }
    return items.subarray(0, count);
  }

  #next(): number {
    if (this.#word === 0) this.#fill();
    const word = this.#buffer[this.#word];
    this.#word = (this.#word + 1) % 4;
    if (this.#word === 0) this.#block++;
    return word;
  }

  #fill(): void {
    philox(this.#block >>> 0, Math.floor(this.#block / 2 ** 32), 0, 0, this.#key[0], this.#key[1], this.#buffer);
  }
}

/** The stream of a seed. @throws RangeError unless the seed is an integer in 0 … 2⁵³−1. */
export function stream(seed: number): RandomStream {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`stream: seed ${seed} must be an integer in 0 … 2⁵³−1`);
  return new RandomStream([seed >>> 0, Math.floor(seed / 2 ** 32)]);
}

/** Philox 4×32-10 of counter (c0, c1, c2, c3) under key (k0, k1). */
export function philox(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number, out: Uint32Array): void {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The upper 32 bits of a 32 × 32-bit product, from four 16-bit ones. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** FNV-1a over UTF-16 code units. */
function fnv(text: string, basis: number): number {
  let hash = basis;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

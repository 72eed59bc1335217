import fc from "fast-check";
import { philox, stream, type RandomStream } from "../../src/tensor/random.js";
import { runs } from "../support/arbitraries.js";

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const moment = (values: Float64Array, power: number) => mean(values.map((value) => value ** power));
const correlation = (a: Float64Array, b: Float64Array) => mean(a.map((value, i) => value * b[i]));

/** χ² of counts against expected ones. */
const chiSquared = (counts: number[], expected: number[]) =>
  counts.reduce((total, count, i) => total + (count - expected[i]) ** 2 / expected[i], 0);

function histogram(values: ArrayLike<number>, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of Array.from(values)) counts[value]++;
  return counts;
}

describe("Philox 4×32-10", () => {
  // The known answers published with Random123 (kat_vectors).
  test.each([
    { counter: [0, 0, 0, 0], key: [0, 0], answer: ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"] },
    { counter: new Array<number>(4).fill(0xffffffff), key: [0xffffffff, 0xffffffff], answer: ["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"] }, // prettier-ignore
    { counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], key: [0xa4093822, 0x299f31d0], answer: ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"] }, // prettier-ignore
  ])("gives the published answer $answer", ({ counter: [c0, c1, c2, c3], key: [k0, k1], answer }) => {
    const out = new Uint32Array(4);
    philox(c0, c1, c2, c3, k0, k1, out);
    expect(Array.from(out, (word) => word.toString(16).padStart(8, "0"))).toEqual(answer);
  });

  test("a stream's numbers are the blocks of counters 0, 1, … under its seed", () => {
    const drawn = stream(2 ** 32 + 7).uniform(8);
    const words = [0, 1].flatMap((block) => {
      const out = new Uint32Array(4);
      philox(block, 0, 0, 0, 7, 1, out);
      return [...out];
    });
    expect([...drawn]).toEqual(words.map((word) => (2 * (word >>> 9) + 1) / 2 ** 24));
  });
});

describe("a stream", () => {
  test("is fixed by its seed, however the draws are divided", () => {
    const whole = stream(5).uniform(20);
    const parts = stream(5);
    expect([...parts.uniform(3), ...parts.uniform(0), ...parts.uniform(17)]).toEqual([...whole]);
    expect([...stream(6).uniform(20)]).not.toEqual([...whole]);
    expect([...stream(5 + 2 ** 32).uniform(20)]).not.toEqual([...whole]);
  });

  test("skips numbers as if they were drawn, and names their place", () => {
    for (const before of [0, 1, 2, 3, 4, 5])
      for (const count of [0, 1, 2, 3, 4, 5, 8, 11]) {
        const [skipped, drawn] = [stream(5), stream(5)];
        skipped.uniform(before);
        drawn.uniform(before);
        expect(skipped.skip(count)).toEqual({ key: [5, 0], block: Math.floor(before / 4), word: before % 4, count });
        drawn.uniform(count);
        expect([...skipped.uniform(9)]).toEqual([...drawn.uniform(9)]);
      }
  });

  test("goes on beyond 2³² blocks", () => {
    const far = stream(3);
    far.skip(4 * 2 ** 32 - 2);
    const words = [2 ** 32 - 1, 2 ** 32].flatMap((block) => {
      const out = new Uint32Array(4);
      philox(block >>> 0, Math.floor(block / 2 ** 32), 0, 0, 3, 0, out);
      return [...out];
    });
    expect([...far.uniform(6)]).toEqual(words.slice(2).map((word) => (2 * (word >>> 9) + 1) / 2 ** 24));
  });

  test("splits into the same stream whatever was drawn before, and splitting draws nothing", () => {
    const untouched = stream(5);
    const used = stream(5);
    used.uniform(7);
    expect([...used.split("weights").normal(5)]).toEqual([...untouched.split("weights").normal(5)]);
    expect([...untouched.uniform(7)]).toEqual([...stream(5).uniform(7)]);
  });

  test("splits into different streams by name, by number, by path and by seed", () => {
    const root = stream(1);
    const children = [
      root, stream(2).split("a"), root.split("a"), root.split("b"), root.split(0), root.split(1), root.split("0"), root.split(""),
      root.split("a").split("b"), root.split("b").split("a"), root.split("ab"),
    ]; // prettier-ignore
    const firsts = children.map((child: RandomStream) => child.uniform(2).join());
    expect(new Set(firsts).size).toBe(children.length);
  });

  test("has uncorrelated siblings, and children uncorrelated with itself", () => {
    const n = 20_000;
    const root = stream(3);
    const streams = [root, ...Array.from({ length: 6 }, (_, i) => root.split(i))].map((child) => child.normal(n));
    for (const [i, a] of streams.entries())
      for (const b of streams.slice(i + 1)) expect(Math.abs(correlation(a, b))).toBeLessThan(5 / Math.sqrt(n));
  });

  test("takes seeds that are integers in 0 … 2⁵³−1 alone", () => {
    expect(() => stream(0)).not.toThrow();
    expect(() => stream(Number.MAX_SAFE_INTEGER)).not.toThrow();
    for (const seed of [-1, 0.5, NaN, 2 ** 53])
      expect(() => stream(seed)).toThrow(new RangeError(`stream: seed ${seed} must be an integer in 0 … 2⁵³−1`));
  });
});

describe("uniform numbers", () => {
  test("lie inside (0, 1) and are the same in float32", () => {
    const u = stream(1).uniform(20_000);
    expect(u.every((value) => value > 0 && value < 1)).toBe(true);
    expect([...new Float32Array(u)]).toEqual([...u]);
  });

  test("fill 100 bins evenly (χ² within 5 σ)", () => {
    const bins = histogram(stream(1).uniform(100_000).map((u) => Math.floor(100 * u)), 100); // prettier-ignore
    const chi = chiSquared(bins, new Array<number>(100).fill(1000));
    expect(Math.abs(chi - 99)).toBeLessThan(5 * Math.sqrt(2 * 99));
  });

  test("do not depend on the one before", () => {
    const u = stream(4)
      .uniform(50_000)
      .map((value) => Math.sqrt(12) * (value - 0.5));
    for (const lag of [1, 2, 3, 4, 8])
      expect(Math.abs(correlation(u.subarray(lag), u.subarray(0, -lag)))).toBeLessThan(5 / Math.sqrt(u.length - lag));
  });
});

describe("normal numbers", () => {
  test("have the first four moments of N(0, 1)", () => {
    const n = 100_000;
    const z = stream(1).normal(n);
    // The variance of z^p is E z^2p − (E z^p)²: 1, 2, 15, 96.
    for (const [power, expected, variance] of [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ])
      expect(Math.abs(moment(z, power) - expected)).toBeLessThan(5 * Math.sqrt(variance / n));
  });

  test("come in pairs that are uncorrelated, and an odd number of them ends in the middle of a pair", () => {
    const z = stream(2).normal(40_000);
    const even = z.filter((_, i) => i % 2 === 0);
    const odd = z.filter((_, i) => i % 2 === 1);
    expect(Math.abs(correlation(even, odd))).toBeLessThan(5 / Math.sqrt(20_000));
    expect(stream(2).normal(3)).toEqual(z.slice(0, 3));
    expect(stream(2).normal(0)).toHaveLength(0);
  });
});

describe("draws from distributions", () => {
  test("bernoulli gives 1 as often as p says, and never or always at the ends", () => {
    const n = 40_000;
    for (const p of [0, 0.1, 0.5, 0.93, 1]) {
      const draws = stream(1).bernoulli(new Float64Array(n).fill(p));
      expect(draws.every((draw) => draw === 0 || draw === 1)).toBe(true);
      expect(Math.abs(mean(draws) - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / n));
    }
  });

  test("categorical draws every class as often as its row says, and never one of probability 0", () => {
    const n = 40_000;
    const probabilities = [0.2, 0, 0.5, 0.3, 0];
    const rows = Float64Array.from({ length: n * 5 }, (_, i) => probabilities[i % 5]);
    const counts = histogram(stream(1).categorical(rows, 5), 5);
    expect([counts[1], counts[4]]).toEqual([0, 0]);
    probabilities.forEach((p, k) => {
      expect(Math.abs(counts[k] / n - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / n));
    });
  });

  test("categorical reads row by row, and a certain class is certain", () => {
    expect([...stream(9).categorical([0, 1, 0, 1, 0, 0, 0, 0, 1], 3)]).toEqual([1, 0, 2]);
  });

  test("integer is uniform in 0 … bound−1 for bounds that do not divide 2³²", () => {
    const random = stream(1);
    for (const bound of [1, 2, 3, 7, 10]) {
      const n = 10_000;
      const counts = histogram(Array.from({ length: n }, () => random.integer(bound)), bound); // prettier-ignore
      const chi = chiSquared(counts, new Array<number>(bound).fill(n / bound));
      expect(Math.abs(chi - (bound - 1))).toBeLessThanOrEqual(5 * Math.sqrt(2 * (bound - 1)));
    }
    // Without rejection a bound of ¾·2³² would make its first third twice as likely.
    const low = Array.from({ length: 10_000 }, () => random.integer(3 * 2 ** 30)).filter((value) => value < 2 ** 30);
    expect(Math.abs(low.length / 10_000 - 1 / 3)).toBeLessThan(0.025);
  });

  test("integer takes bounds that are integers in 1 … 2³² alone", () => {
    expect(stream(1).integer(2 ** 32)).toBeGreaterThanOrEqual(0);
    for (const bound of [0, -1, 1.5, NaN, 2 ** 32 + 1])
      expect(() => stream(1).integer(bound)).toThrow(
        new RangeError(`integer: bound ${bound} must be an integer in 1 … 2³²`),
      );
  });
});

describe("permutations", () => {
  test("hold every number once, and their beginnings hold distinct ones", () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.nat(), fc.nat({ max: 60 }), (n, seed, some) => {
        const all = stream(seed).permutation(n);
        expect([...all].sort((p, q) => p - q)).toEqual(Array.from({ length: n }, (_, i) => i));
        const count = Math.min(some, n);
        expect([...stream(seed).permutation(n, count)]).toEqual([...all.subarray(0, count)]);
      }),
      runs,
    );
  });

  test("are uniform over all orders", () => {
    const random = stream(1);
    const orders = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = random.permutation(4).join();
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    const chi = chiSquared([...orders.values()], new Array<number>(24).fill(500));
    expect(Math.abs(chi - 23)).toBeLessThan(5 * Math.sqrt(2 * 23));
  });
});

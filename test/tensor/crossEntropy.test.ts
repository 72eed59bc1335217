import { read, tensor, uniform, zeros } from "../../src/tensor/create.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import { crossEntropy, crossEntropyGradient, softmax } from "../../src/tensor/operations.js";
import { stream } from "../../src/tensor/random.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { view } from "../../src/tensor/tensor.js";
import { places, type Place } from "../support/backends.js";
import { numbers, rows } from "../support/close.js";
import { countingBackend } from "../support/countingBackend.js";

// Jest looks a global up anew wherever one is named, at a cost that shows in loops.
const { abs, exp, floor } = Math;

const shapes = [[0, 3], [1, 1], [3, 2], [7, 5], [2, 131], [100, 11], [53, 401]]; // prettier-ignore
const links = ["sigmoid", "softmax"] as const;

/** Everything that a link's cross-entropy is computed by, and how large what is added up in a row may be. */
const functions = links.flatMap((link) => [
  {
    name: `crossEntropy, ${link},`,
    f: (z: Tensor, t: Tensor) => crossEntropy(link, z, t),
    magnitude: (z: number[]) => z.reduce((total, x) => total + 2 * abs(x) + 1, 0),
  },
  {
    name: `crossEntropyGradient, ${link},`,
    f: (z: Tensor, t: Tensor, g: Tensor) => crossEntropyGradient(link, z, t, g),
    magnitude: (_: number[], g: number) => 2 * abs(g),
  },
]);
const all = [...functions, { name: "softmax", f: (z: Tensor) => softmax(z, 1), magnitude: () => 1 }];

/** Logits of either sign, targets in 0 … 1 and cotangents of the rows, rounded to the dtype; the same on every backend. */
function operands([m, k]: number[], scale: number, place: Place): Tensor[] {
  const random = stream(m + k);
  const values = [random.normal(m * k).map((x) => x * scale), random.uniform(m * k), random.normal(m)];
  return values.map((x, i) => tensor(x, { ...place, shape: i < 2 ? [m, k] : [m] }));
}

/** The same numbers where the composition is computed in double precision. */
async function float64(x: Tensor): Promise<Tensor> {
  return tensor(Float64Array.from(await read(x)), { shape: x.shape, backend: cpu() });
}

describe.each(places)("cross-entropies, $name", (place) => {
  const { tolerance } = place;

  test.each(all)(
    "$name is that of the composition in float64 to a few digits of the last place",
    async ({ f, magnitude }) => {
      for (const [m, k] of shapes)
        for (const scale of [1, 50]) {
          const [z, t, g] = operands([m, k], scale, place);
          const exact = await Promise.all([z, t, g].map(float64));
          const actual = await numbers(f(z, t, g));
          const wanted = await numbers(f(exact[0], exact[1], exact[2]));
          const [logits, cotangents] = [await rows(exact[0]), await numbers(exact[2])];
          expect(actual).toHaveLength(wanted.length);
          for (let i = 0; i < wanted.length; i++) {
            const r = floor((i * m) / wanted.length);
            if (!(abs(actual[i] - wanted[i]) <= 2 * tolerance * magnitude(logits[r], cotangents[r])))
              throw new Error(`element ${i} of [${m}, ${k}] is ${actual[i]}, not ${wanted[i]}`);
          }
        }
    },
  );

  test.each(all)("$name of non-finite logits is NaN, infinite or finite where the composition is", async ({ f }) => {
    const kinds = [Infinity, -Infinity, NaN, 1e30];
    const logits = kinds.flatMap((value) => [0, 1, 4].map((at) => [1, -2, 3, 0.5, -1].with(at, value)));
    const targets = logits.map((_, r) => [0, 0, 0, 0, 0].with(r % 5, 1));
    const g = logits.map(() => 1);
    const at = (where: Pick<Place, "backend" | "dtype">) =>
      numbers(f(tensor(logits, where), tensor(targets, where), tensor(g, where)));
    const kind = (x: number) => (Number.isFinite(x) ? "finite" : String(x));
    const [actual, wanted] = [await at(place), await at({ backend: cpu(), dtype: place.dtype })];
    expect(actual.map(kind)).toEqual(wanted.map(kind));
  });

  test("softmax along other axes than the last, and of other ranks", async () => {
    const x = tensor([[1, 2, 3], [3, 1, -1]], place); // prettier-ignore
    const columns = await numbers(softmax(x, 0));
    const [down, up] = [1 / (1 + exp(2)), 1 / (1 + exp(1))];
    [down, 1 - up, 1 / (1 + exp(-4))].forEach((p, c) => {
      expect(abs(columns[c] - p)).toBeLessThanOrEqual(4 * tolerance);
      expect(abs(columns[c + 3] - (1 - p))).toBeLessThanOrEqual(4 * tolerance);
    });
    expect(await numbers(softmax(view(x, [2, 1, 3]), 2))).toEqual(await numbers(softmax(x, 1)));
    expect(await numbers(softmax(view(x, [6]), 0))).toHaveLength(6);
  });

  test("operands that are leading or later rows of others give the same bits", async () => {
    if (!place.backend.views) return;
    const [z, t, g] = operands([9, 7], 3, place);
    const later = (x: Tensor) => view(x, [4, ...x.shape.slice(1)], 3 * (x.shape[1] ?? 1));
    for (const { f } of functions) {
      const whole = await numbers(f(z, t, g));
      const part = await numbers(f(later(z), later(t), later(g)));
      const width = whole.length / 9;
      expect(part).toEqual(whole.slice(3 * width, 7 * width));
    }
  });

  test("logits and targets that do not fit, or no classes for softmax, are refused with the shapes", () => {
    const [z, row] = [zeros([2, 3], place), zeros([3], place)];
    expect(() => crossEntropy("sigmoid", z, row)).toThrow(
      new RangeError("crossEntropy: logits [2×3] and targets [3] are not two matrices of one shape"),
    );
    expect(() => crossEntropyGradient("sigmoid", z, z, row)).toThrow(
      new RangeError("crossEntropyGradient: g [3] has not one element for each of 2 rows"),
    );
    const none = zeros([2, 0], place);
    expect(() => crossEntropy("softmax", none, none)).toThrow("crossEntropy: softmax over no classes, of [2×0]");
    expect(() => softmax(none, 1)).toThrow("softmax: no elements along axis 1 of [2×0]");
  });
});

test("compositions leave nothing behind but their result", () => {
  const backend = countingBackend();
  const [z, g] = [zeros([2, 3], { backend }), zeros([2], { backend })];
  for (const { f } of all) {
    const before = backend.live;
    f(z, z, g).dispose();
    expect(backend.live).toBe(before);
  }
});

describe.each(places)("uniform, $name", (place) => {
  test("is what the stream would have drawn, bit for bit, and leaves it where it would then be", async () => {
    for (const before of [0, 1, 3, 6])
      for (const shape of [[], [0], [1], [3], [5, 7], [2, 3, 3], [131, 277]]) {
        const [here, host] = [stream(8).split("here"), stream(8).split("here")];
        here.uniform(before);
        host.uniform(before);
        const drawn = await numbers(uniform(shape, here, place));
        expect(drawn).toEqual([...host.uniform(shape.reduce((p, q) => p * q, 1))]);
        expect([...here.uniform(6)]).toEqual([...host.uniform(6)]);
        expect(here.integer(1000)).toBe(host.integer(1000));
      }
  });

  test("refuses shapes that are none", () => {
    expect(() => uniform([-1], stream(1), place)).toThrow(RangeError);
  });
});

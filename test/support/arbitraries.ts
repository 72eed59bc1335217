import fc from "fast-check";
import { tensor } from "../../src/tensor/create.js";
import { reshape, slice } from "../../src/tensor/movement.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import type { Place } from "./backends.js";
import { randomNumbers } from "./matrices.js";
import { count, type Plain } from "./plain.js";

/** Every property of the operations runs with these. */
export const runs = { seed: 20150319, numRuns: 60 } as const;

/** How a tensor lies in its storage; all but "whole" have NaN around it. */
type Layout = "whole" | "leading rows" | "rows from an offset" | "a reshaped slice of a slice";
const layouts: readonly Layout[] = ["whole", "leading rows", "rows from an offset", "a reshaped slice of a slice"];

/** The elements of an operand and how it lies in storage. */
export interface Laid extends Plain {
  readonly layout: Layout;
}

/** Lengths of axes: none, one, and primes, which divide nothing. */
export const lengths: fc.Arbitrary<number> = fc.constantFrom(0, 1, 2, 3, 5, 7);

/** Shapes of 0 to 4 axes. */
export const shapes: fc.Arbitrary<number[]> = fc.array(lengths, { maxLength: 4 });

/** Shapes with something in them. */
export const fullShapes = shapes.filter((shape) => count(shape) > 0);

/** Shapes of a number of operands that broadcast, and the shape they broadcast to. */
export function broadcasting(operands: number): fc.Arbitrary<{ shape: number[]; operands: number[][] }> {
  return shapes.chain((shape) =>
    fc
      .array(fc.record({ missing: fc.nat({ max: shape.length }), ones: fc.array(fc.boolean(), { maxLength: 4 }) }), {
        minLength: operands,
        maxLength: operands,
      })
      .map((choices) => {
        // The first operand has all of the shape, so that the others stretch to it.
        const others = choices.slice(1);
        const stretched = others.map(({ missing, ones }) =>
          shape.map((length, axis) => (ones[axis] ? 1 : length)).slice(missing),
        );
        return { shape, operands: [shape, ...stretched] };
      }),
  );
}

/** Draws one element from uniform numbers in [−1, 1). */
export type Element = (random: () => number) => number;

/** Numbers in [−8, 8), exact in float32; half of them small integers, so that ties and zeros occur. */
export const anyNumber: Element = (random) => {
  const value = 8 * random();
  return random() < 0 ? Math.trunc(value) : Math.fround(value);
};

/** The same, or now and then what IEEE arithmetic treats specially. */
export const anyFloat: Element = (random) => {
  const special = [NaN, Infinity, -Infinity, -0, 0];
  return random() < 0.6 ? anyNumber(random) : special[Math.floor((random() + 1) * 2.5)];
};

/** Small integers: their products and sums are exact in either dtype. */
export const anyInteger: Element = (random) => Math.round(4 * random());

/** Operands of a shape, in every layout. */
export function operand(shape: readonly number[], element: Element = anyNumber): fc.Arbitrary<Laid> {
  return fc.record({ seed: fc.nat(), layout: fc.constantFrom(...layouts) }).map(({ seed, layout }) => {
    const random = randomNumbers(seed);
    const values = Float64Array.from({ length: count(shape) }, () => element(random));
    return { shape, values, layout };
  });
}

/** The operand as a tensor. */
export function lay({ shape, values, layout }: Laid, { backend, dtype }: Place): Tensor {
  const n = values.length;
  const [before, after] = {
    whole: [0, 0],
    "leading rows": [0, 3],
    "rows from an offset": [3, 2],
    "a reshaped slice of a slice": [4, 5],
  }[layout];
  const around = [...new Array<number>(before).fill(NaN), ...values, ...new Array<number>(after).fill(NaN)];
  const storage = tensor(around, { dtype, backend });
  if (layout === "a reshaped slice of a slice")
    return scope(() => reshape(slice(slice(storage, [[2, n + 6]]), [[2, n + 2]]), shape));
  return scope(() => reshape(slice(storage, [[before, before + n]]), shape));
}

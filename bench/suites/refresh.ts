import { blockDiagonal, factorsFrom } from "../../src/index.js";
import { WIDTHS } from "../autoencoder.js";
import type { Case } from "../case.js";
import { blockDiagonalPreparation, layerSizes } from "../iteration-counts.js";
import { dtypes, type Coverage } from "../sizes.js";
import { general, workOn } from "./operands.js";

const CASES = 1000;
const GAMMA = 1;

/** F̆⁻¹ of the autoencoder prepared anew: damping, and 16 inverses of 31 … 1001. n is the largest factor. */
export function refresh({ places }: Coverage): Case[] {
  const layers = layerSizes(WIDTHS);
  const wasmPlaces = places.filter(({ name }) => name !== "cpu");
  return dtypes.flatMap((dtype) =>
    wasmPlaces.map((place) => ({
      ...{ suite: "refresh", operation: "block-diagonal", dtype, place },
      n: Math.max(...layers.flatMap(({ input, output }) => [input, output])),
      flops: blockDiagonalPreparation(layers),
      prepare: () =>
        workOn(
          () =>
            factorsFrom(
              layers.map(({ input }, i) => general(place, dtype, [CASES, input], i)),
              layers.map(({ output }, i) => general(place, dtype, [CASES, output], 100 + i)),
            ),
          (factors) => blockDiagonal(factors, { gamma: GAMMA }),
        ),
    })),
  );
}

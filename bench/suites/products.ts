import { gram, matmul } from "../../src/index.js";
import type { Case } from "../case.js";
import { gramFlops, matmulFlops } from "../counts.js";
import { points, powersOfTwo, type Coverage } from "../sizes.js";
import { general, workOn } from "./operands.js";

const transpositions = {
  NN: {},
  NT: { transposeB: true },
  TN: { transposeA: true },
};

/** op(A)·op(B) of square matrices. */
export function products(coverage: Coverage): Case[] {
  return points(coverage, powersOfTwo(64, 2048)).flatMap(({ n, dtype, place }) =>
    Object.entries(transpositions).map(([name, transposes]) => ({
      ...{ suite: "products", operation: `matmul-${name}`, n, dtype, place },
      flops: matmulFlops(n, n, n),
      prepare: () =>
        workOn(
          () => [general(place, dtype, [n, n], 1), general(place, dtype, [n, n], 2)] as const,
          ([A, B]) => matmul(A, B, transposes),
        ),
    })),
  );
}

/** XᵀX of a square X, exactly symmetric: half a product's work. */
export function grams(coverage: Coverage): Case[] {
  return points(coverage, powersOfTwo(64, 2048)).map(({ n, dtype, place }) => ({
    ...{ suite: "gram", operation: "gram", n, dtype, place },
    flops: gramFlops(n, n),
    prepare: () => workOn(() => general(place, dtype, [n, n], 1), gram),
  }));
}

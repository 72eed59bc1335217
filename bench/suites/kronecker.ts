import { matmul } from "../../src/index.js";
import type { Case } from "../case.js";
import { kroneckerFlops } from "../counts.js";
import { points, type Coverage } from "../sizes.js";
import { general, positiveDefinite, workOn } from "./operands.js";

/** (A ⊗ G) vec V = vec(G V A) with square factors, as every iteration applies the inverse. */
export function kroneckerApplication(coverage: Coverage): Case[] {
  return points(coverage, [512, 1024]).map(({ n, dtype, place }) => ({
    ...{ suite: "kronecker", operation: "G·V·A", n, dtype, place },
    flops: kroneckerFlops(n, n),
    prepare: () =>
      workOn(
        () => ({
          G: positiveDefinite(place, dtype, n, 1),
          V: general(place, dtype, [n, n], 2),
          A: positiveDefinite(place, dtype, n, 3),
        }),
        ({ G, V, A }) => matmul(matmul(G, V), A),
      ),
  }));
}

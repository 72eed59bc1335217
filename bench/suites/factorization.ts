import { cholesky, symmetricEigen, type Tensor } from "../../src/index.js";
import type { Case } from "../case.js";
import { choleskyFlops, symmetricEigenFlops } from "../counts.js";
import { points, powersOfTwo, type Coverage } from "../sizes.js";
import { positiveDefinite, workOn } from "./operands.js";

/** A = LLᵀ. */
export function choleskyCases(coverage: Coverage): Case[] {
  return factorization("cholesky", "cholesky", cholesky, choleskyFlops, coverage);
}

/** A = Q diag(w) Qᵀ with its vectors. */
export function eigenCases(coverage: Coverage): Case[] {
  const factorize = (A: Tensor) => Object.values(symmetricEigen(A));
  return factorization("eigen", "symmetricEigen", factorize, symmetricEigenFlops, coverage);
}

function factorization(
  suite: string,
  operation: string,
  factorize: (A: Tensor) => unknown,
  flops: (n: number) => number,
  coverage: Coverage,
): Case[] {
  return points(coverage, powersOfTwo(32, 2048)).map(({ n, dtype, place }) => ({
    ...{ suite, operation, n, dtype, place },
    flops: flops(n),
    prepare: () => workOn(() => positiveDefinite(place, dtype, n), factorize),
  }));
}

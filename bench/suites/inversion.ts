import { div, invertSpd, matmul, reshape, symmetricEigen, type Tensor } from "../../src/index.js";
import type { Case } from "../case.js";
import { invertSpdFlops, matmulFlops, symmetricEigenFlops } from "../counts.js";
import { points, powersOfTwo, type Coverage } from "../sizes.js";
import { positiveDefinite, workOn } from "./operands.js";

/** A⁻¹ of a Kronecker factor by its two routes: Cholesky, and Q diag(1/w) Qᵀ from the eigendecomposition. */
export function inversion(coverage: Coverage): Case[] {
  const routes = [
    { operation: "cholesky-route", invert: invertSpd, flops: invertSpdFlops },
    {
      operation: "eigen-route",
      invert: invertByEigen,
      flops: (n: number) => symmetricEigenFlops(n) + matmulFlops(n, n, n),
    },
  ];
  return points(coverage, powersOfTwo(32, 2048)).flatMap(({ n, dtype, place }) =>
    routes.map(({ operation, invert, flops }) => ({
      ...{ suite: "inversion", operation, n, dtype, place },
      flops: flops(n),
      prepare: () => workOn(() => positiveDefinite(place, dtype, n), invert),
    })),
  );
}

function invertByEigen(A: Tensor): Tensor {
  const { values, vectors } = symmetricEigen(A);
  return matmul(div(vectors, reshape(values, [1, -1])), vectors, { transposeB: true });
}

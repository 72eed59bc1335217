import { EigenvalueDecomposition, inverse, Matrix } from "ml-matrix";
import type { Method, Peer, Prepared } from "./peer.js";

/** ml-matrix: JavaScript, in float64 throughout. */
export function mlMatrix(): Promise<Peer> {
  return Promise.resolve({
    name: "ml-matrix 6.15.1",
    dtypes: ["float64"],
    methods: () => ({
      matmul: method("A.mmul(B)", ({ A, B }) => A.mmul(B)),
      gram: method("A.transpose().mmul(A)", ({ A }) => A.transpose().mmul(A)),
      "spd-inverse": method(
        "inverse(S), by LU: a third of the time of new CholeskyDecomposition(S).solve(I)",
        ({ S }) => inverse(S),
      ),
      "symmetric-eigen": method(
        "new EigenvalueDecomposition(S, { assumeSymmetric: true })",
        ({ S }) => new EigenvalueDecomposition(S, { assumeSymmetric: true }),
      ),
    }),
  });
}

interface Operands {
  readonly A: Matrix;
  readonly B: Matrix;
  readonly S: Matrix;
}

function method(how: string, compute: (operands: Operands) => Matrix | EigenvalueDecomposition): Method {
  return {
    how,
    prepare({ n, A, B, S }): Prepared {
      const matrix = (values: typeof A) => Matrix.from1DArray(n, n, Array.from(values));
      const operands = { A: matrix(A), B: matrix(B), S: matrix(S) };
      return {
        [Symbol.dispose]: () => undefined,
        run: () => compute(operands),
        result: () => {
          const computed = compute(operands);
          const parts =
            computed instanceof Matrix
              ? [computed.to1DArray()]
              : [computed.realEigenvalues, computed.eigenvectorMatrix.to1DArray()];
          return Promise.resolve(parts.map((part) => Float64Array.from(part)));
        },
      };
    },
  };
}

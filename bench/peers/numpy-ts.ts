import * as np from "numpy-ts";
import type { FloatArray } from "../../src/index.js";
import type { Method, Peer, Prepared } from "./peer.js";

/** Its package.json asks for Node 22, though it runs under 20. */
const SUPPORTED_FROM = 22;

/** numpy-ts: WebAssembly kernels where it has them, JavaScript elsewhere. */
export function numpyTs(): Promise<Peer> {
  const unsupported = Number.parseInt(process.versions.node) < SUPPORTED_FROM;
  return Promise.resolve({
    name: `numpy-ts 1.7.0${unsupported ? ` (which supports Node ${SUPPORTED_FROM} or newer)` : ""}`,
    dtypes: ["float32", "float64"],
    methods: () => ({
      matmul: method("np.matmul(A, B)", ({ A, B }) => [np.matmul(A, B)]),
      gram: method("np.matmul(np.ascontiguousarray(A.T), A): a transposed view takes ten times as long", ({ A }) => {
        const transposed = np.ascontiguousarray(np.transpose(A));
        const product = np.matmul(transposed, A);
        transposed.dispose();
        return [product];
      }),
      "spd-inverse": method("np.linalg.inv(S)", ({ S }) => [np.linalg.inv(S) as NDArray]),
      "symmetric-eigen": method("np.linalg.eigh(S)", ({ S }) => {
        const { w, v } = np.linalg.eigh(S);
        return [w, v] as NDArray[];
      }),
    }),
  });
}

type NDArray = ReturnType<typeof np.array>;

interface Operands {
  readonly A: NDArray;
  readonly B: NDArray;
  readonly S: NDArray;
}

function method(how: string, compute: (operands: Operands) => NDArray[]): Method {
  return {
    how,
    prepare({ n, A, B, S }): Prepared {
      const matrix = (values: FloatArray) => np.array(values).reshape(n, n) as NDArray;
      const operands = { A: matrix(A), B: matrix(B), S: matrix(S) };
      return {
        [Symbol.dispose]: () => Object.values(operands).forEach((array) => array.dispose()),
        run: () => {
          for (const array of compute(operands)) array.dispose();
        },
        result: () => Promise.resolve(compute(operands).map(copied)),
      };
    },
  };
}

/** The elements, of which an array that is freed keeps none. */
function copied(array: NDArray): FloatArray {
  const values = Float64Array.from(array.data as ArrayLike<number>);
  array.dispose();
  return values;
}

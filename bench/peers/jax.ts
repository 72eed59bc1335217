import { blockUntilReady, defaultDevice, init, jit, lax, numpy as np, type Array } from "@jax-js/jax";
import type { Method, Peer, Prepared } from "./peer.js";

/** jax-js on its WebAssembly device. Naming it to init lets it run under Node 20 too, which has no `navigator` to look for a GPU in. */
export async function jax(): Promise<Peer> {
  await init("wasm");
  defaultDevice("wasm");
  return {
    name: `jax-js 0.1.25 (wasm)${hasFloat16 ? "" : ", whose float64 needs the Float16Array of Node 24"}`,
    dtypes: hasFloat16 ? ["float32", "float64"] : ["float32"],
    methods: () => ({
      matmul: method("jit(np.matmul)(A, B)", ({ A, B }) => [multiply(A.ref, B.ref)]),
      gram: method("jit(np.matmul)(A.transpose(), A)", ({ A }) => [multiply(A.ref.transpose(), A.ref)]),
      "spd-inverse": method(
        "L = lax.linalg.cholesky(S), W = lax.linalg.triangularSolve(L, I), np.matmul(W.transpose(), W): half the time of np.linalg.inv",
        ({ S, I }) => {
          const L = lax.linalg.cholesky(S.ref);
          const W = lax.linalg.triangularSolve(L, I.ref, { leftSide: true, lower: true });
          return [np.matmul(W.ref.transpose(), W)];
        },
      ),
      "symmetric-eigen": method("np.linalg.eigh(S)", ({ S }) => np.linalg.eigh(S.ref)),
    }),
  };
}

/** Without it, making a float64 array throws. */
const hasFloat16 = "Float16Array" in globalThis;

const multiply = jit((x: Array, y: Array) => np.matmul(x, y));

interface Operands {
  readonly A: Array;
  readonly B: Array;
  readonly S: Array;
  readonly I: Array;
}

function method(how: string, compute: (operands: Operands) => Array[]): Method {
  return {
    how,
    prepare({ n, A, B, S }): Prepared {
      const dtype = A instanceof Float32Array ? np.float32 : np.float64;
      const matrix = (values: typeof A) => np.array(values as Float32Array, { dtype }).reshape([n, n]);
      const operands = { A: matrix(A), B: matrix(B), S: matrix(S), I: np.eye(n, n, { dtype }) };
      return {
        [Symbol.dispose]: () => Object.values(operands).forEach((array) => array.dispose()),
        run: async () => {
          for (const array of await blockUntilReady(compute(operands))) array.dispose();
        },
        result: async () => Promise.all(compute(operands).map(async (array) => (await array.data()) as Float32Array)),
      };
    },
  };
}

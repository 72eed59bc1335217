import * as tf from "@tensorflow/tfjs-core";
import * as backend from "@tensorflow/tfjs-backend-wasm";
import type { Method, Peer, Prepared } from "./peer.js";

/** TensorFlow.js on its WebAssembly backend with SIMD and one thread; it has no inverse and no eigendecomposition. */
export async function tfjs(): Promise<Peer> {
  backend.setThreadsCount(1);
  await tf.setBackend("wasm");
  await tf.ready();
  const simd = (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) === true ? "SIMD" : "no SIMD";
  return {
    name: `tfjs-wasm ${tf.version_core} (${simd}, 1 thread)`,
    dtypes: ["float32"],
    methods: () => ({
      matmul: product("tf.matMul(A, B)", (A, B) => tf.matMul(A, B)),
      // matMul's own transposeA takes ten times as long.
      gram: product("tf.matMul(tf.transpose(A), A)", (A) => tf.tidy(() => tf.matMul(tf.transpose(A), A))),
    }),
  };
}

function product(how: string, compute: (A: tf.Tensor2D, B: tf.Tensor2D) => tf.Tensor): Method {
  return {
    how,
    prepare({ n, A, B }): Prepared {
      const [a, b] = [A, B].map((values) => tf.tensor2d(values as Float32Array, [n, n]));
      return {
        [Symbol.dispose]: () => [a, b].forEach((array) => array.dispose()),
        run: () => compute(a, b).dispose(),
        result: async () => {
          const C = compute(a, b);
          const values = (await C.data()) as Float32Array;
          C.dispose();
          return [values];
        },
      };
    },
  };
}

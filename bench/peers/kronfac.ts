import {
  disposeAll,
  gram,
  invertSpd,
  keep,
  matmul,
  read,
  scope,
  symmetricEigen,
  tensor,
  type Tensor,
} from "../../src/index.js";
import { consume } from "../consume.js";
import { build, wasmPlace } from "../places.js";
import type { PeerOptions } from "./options.js";
import type { Method, Peer, Prepared } from "./peer.js";

/** kronfac on so many threads. @throws UsageError where the engine cannot run the build */
export function kronfac({ threads, simd }: PeerOptions): Peer {
  const { backend, module } = wasmPlace(threads, build(simd));
  const method = (how: string, compute: (operands: Operands) => Tensor[]): Method => ({
    how,
    prepare({ n, A, B, S }): Prepared {
      const place = { shape: [n, n], backend };
      const operands = keep({ A: tensor(A, place), B: tensor(B, place), S: tensor(S, place) });
      return {
        [Symbol.dispose]: () => disposeAll(operands),
        run: () => consume(scope(() => compute(operands))),
        result: async () => {
          const computed = compute(operands);
          const values = await Promise.all(computed.map(read));
          consume(computed);
          return values;
        },
      };
    },
  });
  return {
    name: `kronfac (wasm, ${module}, threads: ${threads})`,
    dtypes: ["float32", "float64"],
    methods: () => ({
      matmul: method("matmul(A, B)", ({ A, B }) => [matmul(A, B)]),
      gram: method("gram(A)", ({ A }) => [gram(A)]),
      "spd-inverse": method("invertSpd(S)", ({ S }) => [invertSpd(S)]),
      "symmetric-eigen": method("symmetricEigen(S)", ({ S }) => {
        const { values, vectors } = symmetricEigen(S);
        return [values, vectors];
      }),
    }),
  };
}

interface Operands {
  readonly A: Tensor;
  readonly B: Tensor;
  readonly S: Tensor;
}

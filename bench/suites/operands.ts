import { add, disposeAll, eye, gram, keep, scope, stream, tensor, type DType, type Tensor } from "../../src/index.js";
import type { Work } from "../case.js";
import type { Place } from "../places.js";

/** Work on operands that are made once and freed with it; what a run makes beside its result is freed after each run. */
export function workOn<T>(make: () => T, run: (operands: T) => unknown): Work {
  const operands = keep(scope(make));
  return {
    run: () => scope(() => run(operands)),
    [Symbol.dispose]: () => disposeAll(operands),
  };
}

/** A matrix of numbers uniform in (−1, 1). */
export function general({ backend }: Place, dtype: DType, shape: readonly [number, number], seed = 0): Tensor {
  const values = stream(seed)
    .uniform(shape[0] * shape[1])
    .map((u) => 2 * u - 1);
  return tensor(values, { shape, dtype, backend });
}

/** A well-conditioned symmetric positive definite matrix: XᵀX / n + I. */
export function positiveDefinite(place: Place, dtype: DType, n: number, seed = 0): Tensor {
  return scope(() => {
    const X = general(place, dtype, [n, n], seed);
    return add(gram(X, { weight: 1 / n }), eye(n, X));
  });
}

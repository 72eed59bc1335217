import type { Backend } from "./backend.js";
import type { DType } from "./dtype.js";
import { Tensor } from "./tensor.js";

/**
 * The backend and dtype that all operands share.
 * @throws TypeError where they do not.
 */
export function placementOf(
  operation: string,
  operands: readonly (Tensor | number)[],
): { backend: Backend; dtype: DType } {
  let first: Tensor | undefined;
  for (const x of operands) {
    if (typeof x === "number") continue;
    if (!(x instanceof Tensor))
      throw new TypeError(`${operation}: ${String(x)} is not a tensor; make one with tensor(values)`);
    first ??= x;
    if (x.dtype !== first.dtype)
      throw new TypeError(
        `${operation}: dtypes ${first.dtype} and ${x.dtype} differ; convert one with to(t, { dtype })`,
      );
    if (x.backend !== first.backend)
      throw new TypeError(
        `${operation}: tensors on ${first.backend.name} and ${x.backend.name}; move one with to(t, { backend })`,
      );
  }
  if (first === undefined) throw new TypeError(`${operation}: needs a tensor; all operands are numbers`);
  return first;
}

import { mul } from "../autodiff/index.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import type { FisherFactor } from "./loss.js";

/** B = diag(b) for every case: outputs that are independent given z. b: [m, k]. */
export function diagonalFactor(b: Tensor): FisherFactor {
  const k = b.shape[1];
  const column = (c: number) => {
    const unit = Float64Array.from({ length: k }, (_, i) => Number(i === c));
    return mul(b, tensor(unit, { dtype: b.dtype, backend: b.backend }));
  };
  return {
    columns: () => Array.from({ length: k }, (_, c) => column(c)),
    times: (w) => mul(b, w),
    transposeTimes: (w) => mul(b, w),
  };
}

import { checkDtype, fromArray, type Placement } from "./create.js";
import { Tensor, share } from "./tensor.js";

/**
 * The same elements in another dtype, or on another backend.
 * @throws TypeError where the target lacks the dtype, or the source's elements are pending: read those first.
 */
export function to(t: Tensor, { dtype = t.dtype, backend = t.backend }: Placement): Tensor {
  checkDtype("to", dtype, backend);
  if (backend !== t.backend) {
    if (t.backend.readNow === undefined)
      throw new TypeError(
        `to: elements on ${t.backend.name} are pending; move them with tensor(await read(t), { shape, backend })`,
      );
    const source = t.backend.readNow(t);
    if (dtype === t.dtype) return fromArray(source, t.shape, backend);
    return fromArray(dtype === "float32" ? new Float32Array(source) : new Float64Array(source), t.shape, backend);
  }
  return dtype === t.dtype ? share(t) : new Tensor(t.shape, dtype, backend, backend.convert(t, dtype));
}

/** Tensors: handles on elements that live on a backend. */
export { Tensor, share } from "./tensor.js";
export {
  tensor,
  zeros,
  ones,
  full,
  uniform,
  eye,
  oneHot,
  read,
  readScalar,
  type Placement,
  type Values,
} from "./create.js";
export { to } from "./to.js";
export { scope, keep, disposeAll, Lifetime, holding, held } from "./scope.js";
export { type DType, type FloatArray } from "./dtype.js";
export { type Axes, type Shape } from "./shape.js";
export { type Range } from "./movement.js";
export { type KeepAxes } from "./reduction.js";
export { NumericalError } from "./errors.js";
export { stream, RandomStream } from "./random.js";
export { defaultBackend, setDefaultBackend } from "./defaultBackend.js";
export { cpu } from "./cpu/index.js";
export type * from "./backend.js";

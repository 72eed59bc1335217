import { add, mul, square, sub, sum } from "../autodiff/index.js";
import { ones, tensor } from "../tensor/create.js";
import { size } from "../tensor/shape.js";
import { diagonalFactor } from "./diagonalFactor.js";
import { checkTargets, type Loss } from "./loss.js";

/** ½‖z − t‖²: y is Gaussian with mean z and unit variance, so B = I. Targets are values [m, k]. */
export const squaredError: Loss = {
  name: "squaredError",
  targets: "finite numbers",

  value(z, targets) {
    checkTargets("squaredError", z.shape, targets.shape);
    return mul(sum(square(sub(z, targets)), 1), 0.5);
  },

  predict: (z) => z,

  sample(z, random) {
    return add(z, tensor(random.normal(size(z.shape)), { shape: z.shape, dtype: z.dtype, backend: z.backend }));
  },

  factor: (z) => diagonalFactor(ones(z.shape, { dtype: z.dtype, backend: z.backend })),
};

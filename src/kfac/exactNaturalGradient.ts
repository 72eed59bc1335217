import { matmul } from "../autodiff/index.js";
import type { Data } from "../network/batches.js";
import { checkFaults } from "../network/faults.js";
import type { Loss } from "../network/loss.js";
import type { Model } from "../network/model.js";
import { NumericalError } from "../tensor/errors.js";
import { reshape } from "../tensor/operations.js";
import { Lifetime } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";

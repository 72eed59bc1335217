/** Networks: layers, losses, initialisation, data. */
export { network, Network, type NetworkOptions } from "./network.js";
export { dense, homogeneous, type Activation, type Layer } from "./layer.js";
export { glorot, sparse, type Initialize } from "./initialize.js";
export { outputOf, type Model, type Trace } from "./model.js";
export { type FisherFactor, type Loss } from "./loss.js";
export { softmaxCrossEntropy } from "./softmaxCrossEntropy.js";
export { sigmoidCrossEntropy } from "./sigmoidCrossEntropy.js";
export { squaredError } from "./squaredError.js";
export { klDivergence } from "./klDivergence.js";
export { outputGradient, preactivationGradients } from "./preactivationGradients.js";
export { batches, exponentialSchedule, type BatchOptions, type BatchSchedule, type Data } from "./batches.js";
export { evaluate, type Evaluation } from "./evaluate.js";

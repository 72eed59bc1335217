/** The checked operations on tensors; autodiff wraps each under the same name. */
export * from "./elementwise.js";
export * from "./reduction.js";
export * from "./softmax.js";
export * from "./crossEntropy.js";
export * from "./movement.js";
export * from "./products.js";
export * from "./factorization.js";

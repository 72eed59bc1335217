/** Every operation, with its derivatives; tensors and variables go by the same names. */
export * from "./elementwise.js";
export * from "./reduction.js";
export * from "./crossEntropy.js";
export * from "./movement.js";
export * from "./products.js";
export * from "./factorization.js";

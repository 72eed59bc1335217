/** Automatic differentiation: variables, rules, sweeps. */
export { variable, primitive, detach, Variable, type Origin, type Rule, type Pass, type Input } from "./variable.js";
export { gradients } from "./gradients.js";
export { grad, vjp, jvp, hvp, jacobian, type TensorFunction } from "./transforms.js";
export { linearise, Linearisation } from "./linearisation.js";
export { checkGradients } from "./checkGradients.js";
export * from "./rules/index.js";

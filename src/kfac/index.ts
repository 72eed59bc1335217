/** K-FAC: factors, damping, inverses, the exact Fisher, step size, optimizers. */
export { factorsFrom, KroneckerFactors, type Kronecker, type Pairs } from "./factors.js";
export { kroneckerFactors, type FisherMode } from "./fisher.js";
export { dampingRatios, type DampingNorm } from "./damping.js";
export { type Damping, type Inverse, type InverseStrategy } from "./inverse.js";
export { blockDiagonal } from "./blockDiagonal.js";
export { blockTridiagonal, tridiagonalParts, type Psi, type TridiagonalParts } from "./blockTridiagonal.js";
export {
  kroneckerSumInverse,
  kroneckerSumResidual,
  type KroneckerSum,
  type KroneckerSumInverse,
  type KroneckerSumOptions,
} from "./kroneckerSum.js";
export { dampedFactors, fullKronecker, fullKroneckerProduct } from "./fullKronecker.js";
export { exactTikhonov } from "./exactTikhonov.js";
export { fisherProducts } from "./fisherProducts.js";
export { minimiseModel, type ModelMinimum, type ModelProducts } from "./quadraticModel.js";
export { adaptedLambda, gammaCandidates } from "./adaptation.js";
export { Kfac, type KfacReport } from "./kfac.js";
export { defaults, paper, type KfacOptions, type ResolvedOptions } from "./options.js";
export { type Optimizer, type StepEvent, type StepReport } from "./optimizer.js";
export { type OptimizerState, type Resumable } from "./optimizerState.js";
export { Sgd, type SgdOptions } from "./sgd.js";
export { Adam, type AdamOptions } from "./adam.js";
export { ExactNaturalGradient, type ExactNaturalGradientOptions } from "./exactNaturalGradient.js";
export { denseFisher, denseInverse, denseKroneckerFisher, unvec, vec } from "./dense.js";
export { type Vector } from "./vectors.js";

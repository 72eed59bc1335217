/**
 * What the WebAssembly module exports; README.md describes it. scripts/build-kernels.mjs instantiates each generic
 * function here for both dtypes: gemm<T> is exported as gemm_f32 and gemm_f64.
 */
export { initializePool, poolBytes, stopWorkers, workerLoop } from "./pool";
export { peak, peakUnfused } from "./peak";
export { gemm, gemmScratch } from "./gemm";
export { gram, mirror } from "./gram";
export { invertScratch, invertTriangular, solveScratch, solveTriangular } from "./triangular";
export { cholesky, choleskyScratch } from "./cholesky";
export { invertSpd, invertSpdScratch } from "./spdInverse";
export { map } from "./elementwise";
export { crossEntropy } from "./crossEntropy";
export { argmax, dot, maximum, sum, sumScratch } from "./reductions";
export { uniform } from "./philox";
export { convert, copy, fill, gather } from "./movement";
export { isSymmetric, symmetricEigen, symmetricEigenScratch } from "./eigen";

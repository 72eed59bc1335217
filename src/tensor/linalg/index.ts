/**
 * Dense linear algebra on flat, row-major typed arrays: the legible reference that every backend is tested against.
 * Entry (i, j) of an [m×n] matrix is element i·n + j. Results have the element type of their input; everything is
 * computed in float64 and rounded once. Operands are never written to. Wrong sizes throw RangeError, wrong types
 * TypeError, unsuitable numbers NumericalError.
 */
export { matmul, type MatmulOptions } from "./matmul.js";
export { gram, type GramOptions } from "./gram.js";
export { kron } from "./kron.js";
export { cholesky } from "./cholesky.js";
export { solveTriangular, invertTriangular, type SolveTriangularOptions, type TriangleOptions } from "./triangular.js";
export { solveSpd, invertSpd, logDeterminant } from "./spd.js";
export { symmetricEigen } from "./symmetricEigen.js";
export { symmetricSquareRoot, inverseSquareRoot } from "./squareRoot.js";
export { NumericalError } from "../errors.js";

/**
 * Floating-point operations of matrix operations: a multiplication and an addition are two. Where LAPACK does less than these
 * (a smaller side, deflation), that shows as a higher rate.
 */

/** [m, k]·[k, n] */
export const matmulFlops = (m: number, k: number, n: number): number => 2 * m * k * n;

/** XᵀX of X [rows, p]: one triangle. */
export const gramFlops = (rows: number, p: number): number => rows * p ** 2;

/** L of A = LLᵀ. */
export const choleskyFlops = (n: number): number => n ** 3 / 3;

/** L·X = B with B [n, columns]. */
export const solveTriangularFlops = (n: number, columns: number): number => n ** 2 * columns;

/** A⁻¹ = L⁻ᵀL⁻¹, one triangle: n³/3 for each of L, L⁻¹ and the product. */
export const invertSpdFlops = (n: number): number => n ** 3;

/** Tridiagonal form 4n³/3, divide and conquer without deflation 4n³/3, back-transformation 2n³. */
export const symmetricEigenFlops = (n: number): number => (14 * n ** 3) / 3;

/** G·V·A with V [q, p]. */
export const kroneckerFlops = (q: number, p: number): number => matmulFlops(q, q, p) + matmulFlops(q, p, p);

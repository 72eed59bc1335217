/*
 * Dense matrices as rows of numbers, and the textbook algorithms on them: what structured formulas are compared with. It shares
 * nothing with what it checks.
 */

export type Matrix = number[][];

export function matrix(rows: number, columns: number, f: (i: number, j: number) => number): Matrix {
  return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)));
}

export function identity(n: number): Matrix {
  return matrix(n, n, (i, j) => Number(i === j));
}

export function transposed(A: Matrix): Matrix {
  return A[0].map((_, j) => A.map((row) => row[j]));
}

export function product(A: Matrix, B: Matrix): Matrix {
  const columns = transposed(B);
  return A.map((row) => columns.map((column) => dot(row, column)));
}

export function times(A: Matrix, x: readonly number[]): number[] {
  return A.map((row) => dot(row, x));
}

export function dot(x: readonly number[], y: readonly number[]): number {
  return x.reduce((sum, xi, i) => sum + xi * y[i], 0);
}

/** A + c·B */
export function plus(A: Matrix, B: Matrix, c = 1): Matrix {
  return A.map((row, i) => row.map((a, j) => a + c * B[i][j]));
}

export function scaled(A: Matrix, c: number): Matrix {
  return A.map((row) => row.map((a) => c * a));
}

/** x + c·y */
export function along(x: readonly number[], y: readonly number[], c = 1): number[] {
  return x.map((xi, i) => xi + c * y[i]);
}

export function outer(x: readonly number[], y: readonly number[]): Matrix {
  return x.map((xi) => y.map((yj) => xi * yj));
}

/** A ⊗ B by its definition. */
export function kron(A: Matrix, B: Matrix): Matrix {
  const [r, s] = [B.length, B[0].length];
  return matrix(A.length * r, A[0].length * s, (i, j) => A[Math.floor(i / r)][Math.floor(j / s)] * B[i % r][j % s]);
}

export function trace(A: Matrix): number {
  return A.reduce((sum, row, i) => sum + row[i], 0);
}

export function frobenius(A: Matrix): number {
  return Math.sqrt(dot(A.flat(), A.flat()));
}

/** The mean of matrices. */
export function average(matrices: readonly Matrix[]): Matrix {
  const sum = matrices.reduce((total, A) => plus(total, A));
  return scaled(sum, 1 / matrices.length);
}

/** A on the diagonal blocks, zero elsewhere. */
export function blockDiagonalMatrix(blocks: readonly Matrix[]): Matrix {
  const starts = blocks.map((_, b) => blocks.slice(0, b).reduce((sum, A) => sum + A.length, 0));
  const n = blocks.reduce((sum, A) => sum + A.length, 0);
  const result = matrix(n, n, () => 0);
  blocks.forEach((A, b) => A.forEach((row, i) => row.forEach((a, j) => (result[starts[b] + i][starts[b] + j] = a))));
  return result;
}

/** Rows and columns start … end−1. */
export function block(A: Matrix, [top, bottom]: [number, number], [left, right] = [top, bottom]): Matrix {
  return A.slice(top, bottom).map((row) => row.slice(left, right));
}

/** x with A x = b, by Gaussian elimination with partial pivoting. */
export function solve(A: Matrix, b: readonly number[]): number[] {
  return solveAll(
    A,
    b.map((bi) => [bi]),
  ).flat();
}

export function inverse(A: Matrix): Matrix {
  return solveAll(A, identity(A.length));
}

/** X with A X = B. */
function solveAll(A: Matrix, B: Matrix): Matrix {
  const n = A.length;
  const { rows } = eliminated(A.map((row, i) => [...row, ...B[i]]));
  const X = B.map((row) => row.map(() => 0));
  for (let i = n - 1; i >= 0; i--)
    for (let c = 0; c < X[i].length; c++) {
      let rest = rows[i][n + c];
      for (let k = i + 1; k < n; k++) rest -= rows[i][k] * X[k][c];
      X[i][c] = rest / rows[i][i];
    }
  return X;
}

/** The lower L with A = LLᵀ. */
export function cholesky(A: Matrix): Matrix {
  const L = matrix(A.length, A.length, () => 0);
  for (let j = 0; j < A.length; j++)
    for (let i = j; i < A.length; i++) {
      const rest = A[i][j] - dot(L[i].slice(0, j), L[j].slice(0, j));
      L[i][j] = i === j ? Math.sqrt(rest) : rest / L[j][j];
    }
  return L;
}

/** log |det A| */
export function logDeterminant(A: Matrix): number {
  return eliminated(A).rows.reduce((sum, row, i) => sum + Math.log(Math.abs(row[i])), 0);
}

function eliminated(A: Matrix): { rows: Matrix } {
  const rows = A.map((row) => [...row]);
  for (let p = 0; p < rows.length; p++) {
    let best = p;
    for (let i = p + 1; i < rows.length; i++) if (Math.abs(rows[i][p]) > Math.abs(rows[best][p])) best = i;
    [rows[p], rows[best]] = [rows[best], rows[p]];
    for (let i = p + 1; i < rows.length; i++) {
      const factor = rows[i][p] / rows[p][p];
      for (let j = p; j < rows[i].length; j++) rows[i][j] -= factor * rows[p][j];
    }
  }
  return { rows };
}

/** The eigenvalues of a symmetric matrix, ascending, by cyclic Jacobi rotations. */
export function eigenvalues(A: Matrix): number[] {
  const S = A.map((row) => [...row]);
  const n = S.length;
  for (let sweep = 0; sweep < 30; sweep++)
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (S[p][q] === 0) continue;
        const theta = 0.5 * Math.atan2(2 * S[p][q], S[q][q] - S[p][p]);
        const [c, s] = [Math.cos(theta), Math.sin(theta)];
        for (let k = 0; k < n; k++) [S[k][p], S[k][q]] = [c * S[k][p] - s * S[k][q], s * S[k][p] + c * S[k][q]];
        for (let k = 0; k < n; k++) [S[p][k], S[q][k]] = [c * S[p][k] - s * S[q][k], s * S[p][k] + c * S[q][k]];
      }
  return S.map((row, i) => row[i]).sort((a, b) => a - b);
}

/** [vec V₁; …; vec Vℓ], columns stacked. */
export function stacked(V: readonly Matrix[]): number[] {
  return V.flatMap((Vi) => transposed(Vi).flat());
}

/** The matrices of the given [rows, columns] that `stacked` stacked. */
export function unstacked(v: readonly number[], shapes: readonly (readonly number[])[]): Matrix[] {
  let start = 0;
  return shapes.map(([rows, columns]) => {
    const from = start;
    start += rows * columns;
    return matrix(rows, columns, (i, j) => v[from + j * rows + i]);
  });
}

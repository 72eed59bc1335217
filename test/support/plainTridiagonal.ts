/*
 * F̃ as a grid of dense blocks, and F̂⁻¹ of §4.3 by products of whole matrices: what the structured inverses are compared with.
 */
import {
  blockDiagonalMatrix,
  cholesky,
  eigenvalues,
  identity,
  inverse,
  kron,
  plus,
  product,
  trace,
  transposed,
  type Matrix,
} from "./dense.js";
import { symmetrised } from "./plainNetwork.js";

/** grid[i][j] is block (i, j). */
export type Grid = readonly (readonly Matrix[])[];

/** F̃ᵢⱼ = Āᵢ₋₁,ⱼ₋₁ ⊗ Gᵢⱼ with factored Tikhonov damping on the diagonal blocks, π by the trace norm (§6.3). */
export function kroneckerGrid(
  layers: number,
  block: (i: number, j: number) => { readonly A: Matrix; readonly G: Matrix },
  gamma = 0,
): Matrix[][] {
  return Array.from({ length: layers }, (_, i) =>
    Array.from({ length: layers }, (__, j) => {
      const { A, G } = block(i, j);
      if (i !== j) return kron(A, G);
      const pi = Math.sqrt(trace(A) / A.length / (trace(G) / G.length));
      return kron(plus(A, identity(A.length), pi * gamma), plus(G, identity(G.length), gamma / pi));
    }),
  );
}

/** The matrix of all blocks. */
export function assembled(grid: Grid): Matrix {
  return grid.flatMap((blocks) => blocks[0].map((_, r) => blocks.flatMap((B) => B[r])));
}

/** Where each block starts, and the end. */
export function bounds(grid: Grid): number[] {
  return grid.reduce((starts, _, i) => [...starts, starts[i] + grid[i][i].length], [0]);
}

/** Σᵢ|ᵢ₊₁ = F̃ᵢᵢ − Ψᵢ,ᵢ₊₁ F̃ᵢ₊₁,ᵢ₊₁ Ψᵢ,ᵢ₊₁ᵀ with Ψᵢ,ᵢ₊₁ = F̃ᵢ,ᵢ₊₁ F̃ᵢ₊₁,ᵢ₊₁⁻¹. */
function conditional(grid: Grid, i: number): { Psi: Matrix; Sigma: Matrix } {
  const Psi = product(grid[i][i + 1], inverse(grid[i + 1][i + 1]));
  return { Psi, Sigma: symmetrised(plus(grid[i][i], product(Psi, transposed(grid[i][i + 1])), -1)) };
}

/** F̂⁻¹ = ΞᵀΛΞ of the chain 1 ← 2 ← … ← ℓ. */
export function tridiagonalInverse(grid: Grid): Matrix {
  const last = grid.length - 1;
  const starts = bounds(grid);
  const Xi = identity(starts[grid.length]);
  const Lambda: Matrix[] = [];
  for (let i = 0; i < last; i++) {
    const { Psi, Sigma } = conditional(grid, i);
    Psi.forEach((row, r) => row.forEach((value, c) => (Xi[starts[i] + r][starts[i + 1] + c] = -value)));
    Lambda.push(inverse(Sigma));
  }
  Lambda.push(inverse(grid[last][last]));
  return product(product(transposed(Xi), blockDiagonalMatrix(Lambda)), Xi);
}

/** The least eigenvalue of any Σᵢ|ᵢ₊₁ in the metric of F̃ᵢᵢ: that of L⁻¹ΣL⁻ᵀ with F̃ᵢᵢ = LLᵀ. */
export function leastConditional(grid: Grid): number {
  const values = grid.slice(1).map((_, i) => {
    const root = inverse(cholesky(grid[i][i]));
    const whitened = product(product(root, conditional(grid, i).Sigma), transposed(root));
    return eigenvalues(symmetrised(whitened))[0];
  });
  return Math.min(1, ...values);
}

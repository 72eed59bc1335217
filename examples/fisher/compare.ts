import type { Inverses } from "./inverses.js";

/** ‖X‖, Frobenius. */
export function norm(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
}

/** |X| */
export function absolute(x: Float64Array): Float64Array {
  return x.map(Math.abs);
}

/** |X − Y| */
export function absoluteDifference(x: Float64Array, y: Float64Array): Float64Array {
  return x.map((value, i) => Math.abs(value - y[i]));
}

/** How ‖X‖² divides between the blocks on the diagonal, those next to it, and the others. The three add up to 1. */
export interface Shares {
  readonly diagonal: number;
  readonly neighbours: number;
  readonly others: number;
}

export function sharesOf(x: Float64Array, edges: readonly number[]): Shares {
  const n = edges[edges.length - 1];
  const blockOf = new Int32Array(n);
  edges.slice(0, -1).forEach((edge, i) => blockOf.fill(i, edge, edges[i + 1]));
  const sums = [0, 0, 0];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) sums[Math.min(2, Math.abs(blockOf[i] - blockOf[j]))] += x[i * n + j] ** 2;
  const [diagonal, neighbours, others] = sums.map((sum) => sum / (sums[0] + sums[1] + sums[2]));
  return { diagonal, neighbours, others };
}

/** How near F̆⁻¹ and F̂⁻¹ come to F̃⁻¹ at one γ. */
export interface Comparison {
  readonly gamma: number;
  /** ‖F̃⁻¹‖ */
  readonly norm: number;
  /** ‖F̃⁻¹ − F̆⁻¹‖ */
  readonly diagonalError: number;
  /** ‖F̃⁻¹ − F̂⁻¹‖ */
  readonly tridiagonalError: number;
  /** Of the squared norm of F̃⁻¹. */
  readonly shares: Shares;
}

export function compareInverses(gamma: number, inverses: Inverses, edges: readonly number[]): Comparison {
  const { full, diagonal, tridiagonal } = inverses;
  return {
    gamma,
    norm: norm(full),
    diagonalError: norm(absoluteDifference(full, diagonal)),
    tridiagonalError: norm(absoluteDifference(full, tridiagonal)),
    shares: sharesOf(full, edges),
  };
}

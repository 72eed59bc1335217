import type { DType, FloatArray } from "../../src/index.js";

/** What every library is asked to do with square matrices. */
export const operations = ["matmul", "gram", "spd-inverse", "symmetric-eigen"] as const;
export type Operation = (typeof operations)[number];

/** Operands of an operation, row-major [n, n]: A and B general, S symmetric positive definite. */
export interface Problem {
  readonly n: number;
  readonly A: FloatArray;
  readonly B: FloatArray;
  readonly S: FloatArray;
}

/** An operation on operands that a library holds in its own form; disposing of it frees them. */
export interface Prepared extends Disposable {
  /** Computes, waits until it is done, and frees the result. */
  run(): unknown;
  /** Computes once more and copies the result out: one matrix, or eigenvalues and a matrix with vectors in its columns. */
  result(): Promise<FloatArray[]>;
}

/** How a library does an operation. */
export interface Method {
  /** The documented calls, as the report states them. */
  readonly how: string;
  prepare(problem: Problem): Prepared;
}

/** A library to compare with, loaded and ready. */
export interface Peer {
  readonly name: string;
  readonly dtypes: readonly DType[];
  /** What it does in a dtype; operations that it lacks are missing. */
  methods(dtype: DType): Readonly<Partial<Record<Operation, Method>>>;
}

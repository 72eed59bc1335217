import type { DType, FloatArray } from "./dtype.js";
import type { Shape } from "./shape.js";

/** Whatever a backend keeps elements in; nobody else looks inside. */
export type Storage = object;

/** What a backend is handed: row-major, contiguous elements of `storage`, the first at element `offset`. */
export interface Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly storage: Storage;
  readonly offset: number;
}

export type UnaryOperation =
  | "negative" | "abs" | "sign" | "reciprocal" | "square" | "sqrt"
  | "exp" | "log" | "tanh" | "sigmoid" | "softplus" | "relu"; // prettier-ignore

/** Comparisons give 1 where they hold and 0 where they do not. */
export type BinaryOperation =
  | "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum"
  | "equal" | "notEqual" | "greater" | "greaterEqual" | "less" | "lessEqual"; // prettier-ignore

export type ReduceOperation = "sum" | "max" | "argmax";

/** How logits become probabilities: each for itself, or all of a row together. */
export type Link = "sigmoid" | "softmax";

/** Consecutive numbers of a random stream: the first is word 0 … 3 of a block. */
export interface Draw {
  /** The key's two words of 32 bits. */
  readonly key: readonly [number, number];
  readonly block: number;
  readonly word: number;
  readonly count: number;
}

/** Which operands of a product are read transposed. */
export interface Transposes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Which triangle of a triangular matrix is read, and whether as its transpose. */
export interface Triangle {
  readonly upper?: boolean;
  readonly transpose?: boolean;
}

/** β·C + w·XᵀY: the accumulation of a (cross-)covariance. */
export interface GramTerms<T> {
  /** Y, where it is not X itself. */
  readonly y?: T;
  /** w; 1 where it is missing. */
  readonly weight?: number;
  /** β; 0 where it is missing. */
  readonly beta?: number;
  /** C; needed where β is not 0. */
  readonly c?: T;
}

/**
 * Where tensors live and where operations on them run. Shapes and dtypes are checked before a backend sees them.
 *
 * Every member but `ready` and `read` returns at once with fresh storage; operands are never written to. Results may be pending
 * (a GPU's): then a numerical failure surfaces at `read` instead of at the call. Where an optional member is missing, tensors are
 * computed by others.
 */
export interface Backend {
  readonly name: string;
  /** The element types it computes in; the first is what it prefers. */
  readonly dtypes: readonly DType[];
  /** Whether operands may start at an offset, or end before their storage does; leading rows are then views, not copies. */
  readonly views: boolean;

  /** Resolves to the backend once it can compute; rejects with one sentence that says what is missing. */
  ready(): Promise<this>;

  /** Copies host memory in. */
  upload(values: FloatArray): Storage;
  /** Copies elements out: the only member that waits. */
  read(x: Operand): Promise<FloatArray>;
  /** The same, at once: only where elements are never pending. */
  readNow?(x: Operand): FloatArray;
  /** x's elements rounded to another dtype. */
  convert(x: Operand, dtype: DType): Storage;
  /** Gives storage back; called once for each. */
  free(storage: Storage): void;

  /** Every element the same. */
  fill(shape: Shape, dtype: DType, value: number): Storage;
  unary(operation: UnaryOperation, x: Operand): Storage;
  /** Operands broadcast to `shape`; at least one is no number. */
  binary(operation: BinaryOperation, a: Operand | number, b: Operand | number, shape: Shape, dtype: DType): Storage;
  /** a where the condition is not 0, else b; all broadcast to `shape`. */
  where(condition: Operand, a: Operand | number, b: Operand | number, shape: Shape, dtype: DType): Storage;
  /** x seen as [outer, length, inner], reduced over the middle in a fixed order. argmax gives the first index of the largest. */
  reduce(operation: ReduceOperation, x: Operand, outer: number, length: number, inner: number): Storage;

  /** Σ a ⊙ b over two operands of one shape, in a fixed order; a scalar. */
  dot(a: Operand, b: Operand): Storage;

  /** p = softmax(x) of every row: [rows, classes], classes ≥ 1. */
  softmax?(x: Operand, rows: number, classes: number): Storage;
  /**
   * L of every row of logits z and targets t, [rows, classes] → [rows]: Σ_c ln(1 + e^z_c) − t_c z_c for "sigmoid",
   * ln Σ_c e^z_c − Σ_c t_c z_c for "softmax" (classes ≥ 1).
   */
  crossEntropy?(link: Link, z: Operand, t: Operand, rows: number, classes: number): Storage;
  /** g ⊙ (p − t), g [rows] and p the link's probabilities of z: the gradient of gᵀL. */
  crossEntropyGradient?(link: Link, z: Operand, t: Operand, g: Operand, rows: number, classes: number): Storage;

  /** The numbers of `RandomStream.uniform`, bit for bit. */
  uniform?(draw: Draw, dtype: DType): Storage;

  /** x read with stretched axes. */
  broadcast(x: Operand, shape: Shape): Storage;
  /** Axis i of the result is axis axes[i] of x. */
  permute(x: Operand, axes: readonly number[]): Storage;
  /** The box of `shape` that starts at `starts`. */
  slice(x: Operand, starts: readonly number[], shape: Shape): Storage;
  /** Operands one after the other along `axis`. */
  concatenate(xs: readonly Operand[], axis: number, shape: Shape): Storage;
  /** Rows indices[0], indices[1], … of x: [n, …] → [indices.length, …]. */
  gather(x: Operand, indices: readonly number[]): Storage;

  /** op(A)·op(B): [m, k]·[k, n] → [m, n]. */
  matmul(a: Operand, b: Operand, m: number, k: number, n: number, transposes: Transposes): Storage;
  /** β·C + w·XᵀY: [rows, p], [rows, q] → [p, q]; exactly symmetric where Y is X. */
  gram(x: Operand, terms: GramTerms<Operand>): Storage;

  /** Lower L with A = LLᵀ; reads the lower triangle. */
  cholesky(a: Operand): Storage;
  /** X with op(L)·X = B. */
  solveTriangular(l: Operand, b: Operand, triangle: Triangle): Storage;
  /** A⁻¹ by Cholesky, exactly symmetric; reads the lower triangle. */
  invertSpd(a: Operand): Storage;
  /** A = Q diag(values) Qᵀ, values ascending, eigenvectors in the columns of Q. */
  symmetricEigen(a: Operand): { values: Storage; vectors: Storage };
}

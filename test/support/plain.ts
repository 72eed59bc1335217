import { read } from "../../src/tensor/create.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";

/*
 * What operations are compared with: arrays of float64 built element by element from their indices. It shares nothing with what it
 * checks.
 */

/** Row-major elements; `magnitudes` holds Σ|terms| where an element is a sum, which is what its error is relative to. */
export interface Plain {
  readonly shape: readonly number[];
  readonly values: Float64Array;
  readonly magnitudes?: Float64Array;
}

/** All indices of a shape in row-major order. */
export function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (prefixes, length) => prefixes.flatMap((prefix) => Array.from({ length }, (_, i) => [...prefix, i])),
    [[]],
  );
}

export function count(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The elements f(index). */
export function build(shape: readonly number[], f: (index: number[]) => number): Plain {
  return { shape, values: Float64Array.from(indices(shape), (index) => f(index)) };
}

/** Elements that are sums of f(index). */
export function buildSums(shape: readonly number[], f: (index: number[]) => number[]): Plain {
  const terms = indices(shape).map(f);
  const total = (parts: number[]) => parts.reduce((sum, part) => sum + part, 0);
  return {
    shape,
    values: Float64Array.from(terms, total),
    magnitudes: Float64Array.from(terms, (parts) => total(parts.map(Math.abs))),
  };
}

/** x at an index, which may have more axes than x and run past those of length 1, as broadcasting reads it. */
export function at(x: Plain, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  return x.values[own.reduce((flat, i, axis) => flat * x.shape[axis] + (x.shape[axis] === 1 ? 0 : i), 0)];
}

export function plain(shape: readonly number[], values: ArrayLike<number>): Plain {
  return { shape, values: Float64Array.from(values) };
}

export function vector(...values: number[]): Plain {
  return plain([values.length], values);
}

export function scalar(value: number): Plain {
  return plain([], [value]);
}

/** op(A)·op(B) by definition. */
export function product(a: Plain, b: Plain, { transposeA = false, transposeB = false } = {}): Plain {
  const A = transposeA ? transposed(a) : a;
  const B = transposeB ? transposed(b) : b;
  return buildSums([A.shape[0], B.shape[1]], ([i, j]) =>
    Array.from({ length: A.shape[1] }, (_, k) => at(A, [i, k]) * at(B, [k, j])),
  );
}

/** Axes in reverse order. */
export function transposed(x: Plain): Plain {
  return build([...x.shape].reverse(), (index) => at(x, [...index].reverse()));
}

/** A tensor's shape and elements. */
export async function plainOf(t: Tensor): Promise<Plain> {
  return plain(t.shape, await read(t));
}

/** What a computation returns; everything it made is freed. */
export async function evaluate(run: () => Tensor): Promise<Plain> {
  using result = scope(run);
  return await plainOf(result);
}

import { read } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { matrix, type Matrix } from "./dense.js";

/** How far two float64 computations of one number may differ, relative to the largest number of their array. */
export const EXACT = 1e-10;

/** Fails unless two arrays agree to `tolerance`, relative to the largest expected element. */
export function expectClose(
  actual: number | readonly number[] | Matrix,
  expected: number | readonly number[] | Matrix,
  tolerance = EXACT,
): void {
  const [a, b] = [elements(actual), elements(expected)];
  expect(a).toHaveLength(b.length);
  const scale = b.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const error = a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);
  if (!(error <= tolerance * Math.max(scale, Number.MIN_VALUE)))
    throw new Error(
      `arrays differ by ${error} where the largest element is ${scale} (tolerance ${tolerance} of it):\n${show(a)}\nexpected\n${show(b)}`,
    );
}

function elements(x: number | readonly number[] | Matrix): number[] {
  return typeof x === "number" ? [x] : (x as (number | number[])[]).flat();
}

/** A matrix's rows; a vector is one row, a scalar one row of one number. */
export async function rows(t: Tensor): Promise<Matrix> {
  const values = await read(t);
  const columns = t.shape.at(-1) ?? 1;
  return matrix(values.length / columns, columns, (i, j) => values[i * columns + j]);
}

/** All elements. */
export async function numbers(t: Tensor): Promise<number[]> {
  return Array.from(await read(t));
}

export async function rowsOfAll(ts: readonly Tensor[]): Promise<Matrix[]> {
  return Promise.all(ts.map(rows));
}

function show(values: readonly number[]): string {
  return values.length > 30 ? `${values.slice(0, 30).join(", ")}, …` : values.join(", ");
}

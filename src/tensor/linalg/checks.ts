import { dtypeOf, epsilon, type FloatArray } from "../dtype.js";
import { NumericalError } from "../errors.js";

/** @throws RangeError unless every size is a non-negative integer. */
export function checkSizes(operation: string, sizes: Record<string, number>): void {
  for (const [name, size] of Object.entries(sizes))
    if (!Number.isInteger(size) || size < 0)
      throw new RangeError(`${operation}: ${name} is ${show(size)}; sizes are integers of at least 0`);
}

/** @throws RangeError unless `array` has the elements of a [rows×columns] matrix. */
export function checkLength(operation: string, name: string, array: FloatArray, rows: number, columns: number): void {
  if (array.length !== rows * columns)
    throw new RangeError(
      `${operation}: ${name} has ${array.length} elements, [${rows}×${columns}] needs ${rows * columns}`,
    );
}

/** @throws RangeError unless `array` has the elements of an [n×n] matrix. */
export function checkSquare(operation: string, name: string, array: FloatArray, n: number): void {
  checkSizes(operation, { n });
  checkLength(operation, name, array, n, n);
}

/** @throws TypeError where the operands' element types differ. */
export function checkSameType(operation: string, arrays: Record<string, FloatArray>): void {
  const [[first, expected], ...others] = Object.entries(arrays);
  for (const [name, array] of others)
    if (dtypeOf(array) !== dtypeOf(expected))
      throw new TypeError(
        `${operation}: ${first} is ${dtypeOf(expected)} and ${name} is ${dtypeOf(array)}; convert one of them`,
      );
}

/** @throws RangeError where `out` shares memory with an operand, which would be overwritten while it is still read. */
export function checkSeparate(operation: string, out: FloatArray, operands: Record<string, FloatArray>): void {
  for (const [name, array] of Object.entries(operands))
    if (
      out.buffer === array.buffer &&
      out.byteOffset < array.byteOffset + array.byteLength &&
      array.byteOffset < out.byteOffset + out.byteLength
    )
      throw new RangeError(`${operation}: out shares memory with ${name}; pass an array of its own`);
}

/** @throws NumericalError where an entry of the named part of an [n×n] matrix is NaN or infinite. */
export function checkFinite(operation: string, a: FloatArray, n: number, part: "lower" | "upper" | "whole"): void {
  for (let i = 0; i < n; i++) {
    const end = part === "lower" ? i + 1 : n;
    for (let j = part === "upper" ? i : 0; j < end; j++)
      if (!Number.isFinite(a[i * n + j]))
        throw new NumericalError(
          `${operation}: entry (${i}, ${j}) of ${describe(a, n)} is ${show(a[i * n + j])}; entries must be finite`,
        );
  }
}

/** a_ij and a_ji may differ by this many n·ε·max|a|: what two orders of summation leave, and no wrong entry does. */
const ASYMMETRY = 8;

/** The largest |a_ij|. @throws RangeError where an [n×n] matrix is not symmetric up to roundoff. */
export function checkSymmetric(operation: string, a: FloatArray, n: number): number {
  let largest = 0;
  for (let i = 0; i < n * n; i++) largest = Math.max(largest, Math.abs(a[i]));
  const tolerance = ASYMMETRY * n * epsilon(dtypeOf(a)) * largest;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const below = a[i * n + j];
      const above = a[j * n + i];
      if (Math.abs(below - above) > tolerance)
        throw new RangeError(
          `${operation}: entries (${i}, ${j}) = ${show(below)} and (${j}, ${i}) = ${show(above)} of ${describe(a, n)} differ; pass a symmetric matrix, such as (A + Aᵀ)/2`,
        );
    }
  return largest;
}

/** How messages name a square matrix: a [4×4] float32 matrix. */
export function describe(a: FloatArray, n: number): string {
  return `a [${n}×${n}] ${dtypeOf(a)} matrix`;
}

/** How messages print a value: three significant digits and a true minus sign. */
export function show(value: number): string {
  return String(Number(value.toPrecision(3))).replace(/^-/, "−");
}

import { dtypeOf, zeros, type FloatArray } from "../dtype.js";
import { checkLength, checkSameType, checkSizes } from "./checks.js";

/**
 * Kronecker product: A ⊗ B is A with every entry A_ij replaced by the block A_ij·B.
 *
 *     (A ⊗ B)_{(i, p), (j, q)} = A_ij B_pq
 *
 * a: [rowsA×columnsA], b: [rowsB×columnsB] → [rowsA·rowsB × columnsA·columnsB].
 * @throws RangeError for lengths that do not fit; TypeError where a and b differ in element type.
 */
export function kron<T extends FloatArray>(
  a: T,
  rowsA: number,
  columnsA: number,
  b: T,
  rowsB: number,
  columnsB: number,
): T {
  checkSizes("kron", { rowsA, columnsA, rowsB, columnsB });
  checkLength("kron", "a", a, rowsA, columnsA);
  checkLength("kron", "b", b, rowsB, columnsB);
  checkSameType("kron", { a, b });

  const result = zeros(dtypeOf(a), rowsA * rowsB * columnsA * columnsB) as T;
  let at = 0;
  for (let i = 0; i < rowsA; i++)
    for (let p = 0; p < rowsB; p++)
      for (let j = 0; j < columnsA; j++) {
        const scale = a[i * columnsA + j];
        for (let q = 0; q < columnsB; q++) result[at++] = scale * b[p * columnsB + q];
      }
  return result;
}

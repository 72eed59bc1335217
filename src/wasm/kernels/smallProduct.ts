import { TURBO } from "./build";
import { addRows, rowBytes, stridedTiles, tileColumns, tileRows } from "./microkernel";

/**
 * C = A·B of small matrices without packing A, nor B where its rows are contiguous: where both stay in the first cache, copying them
 * costs a third of the product. The last tile of a row or column of tiles overlaps the one before instead of ending early (where C is added
 * to, only the rows that are left are), and every element is the same sum in the same order as in a packed product.
 */

/** Whether C has room for a register tile. */
export function hasTile<T>(m: i32, n: i32): bool {
  return !TURBO && m >= tileRows() && n >= tileColumns<T>();
}

/**
 * C = A·B, or C += A·B. A: [m, k] with any strides, C: [m, n] with contiguous rows, all strides in bytes. B: [k, n] with contiguous rows and
 * panel = 1, or packed in panels (see packing.ts) with panel = k. Packed, or added to C, n must be whole tiles. spare: memory for a tile.
 */
export function smallProduct<T>(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  panel: i32,
  c: usize,
  cRow: usize,
  accumulate: bool,
  spare: usize,
): void {
  const width = tileColumns<T>();
  const height = tileRows();
  const tiles = m / height;
  const last = m - height;
  const rest = m - tiles * height;
  for (let column = 0; column < n; column += width) {
    const j = min(column, n - width) * sizeof<T>();
    const bj = b + j * panel;
    const cj = c + j;
    stridedTiles<T>(tiles, k, a, height * aRow, aRow, aColumn, bj, bRow, cj, cRow, accumulate);
    if (rest == 0) continue;
    if (accumulate) {
      stridedTiles<T>(1, k, a + last * aRow, 0, aRow, aColumn, bj, bRow, spare, rowBytes(), false);
      addRows<T>(rest, spare + (height - rest) * rowBytes(), cj + (m - rest) * cRow, cRow);
    } else {
      stridedTiles<T>(1, k, a + last * aRow, 0, aRow, aColumn, bj, bRow, cj + last * cRow, cRow, false);
    }
  }
}

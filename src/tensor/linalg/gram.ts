import type { FloatArray } from "../dtype.js";
import { checkLength, checkSameType, checkSizes, show } from "./checks.js";
import { narrow } from "./float64.js";
import { multiplyPanels, multiplyTile, packPanels, storeTile, TILE } from "./tiles.js";

export interface GramOptions<T extends FloatArray> {
  /** Y, [rows×columnsY]; X itself where it is missing. */
  readonly y?: T;
  /** The columns of Y; as many as X where it is missing. */
  readonly columnsY?: number;
  /** w; 1 where it is missing. */
  readonly weight?: number;
  /** β; 0 where it is missing, and C is then not read. */
  readonly beta?: number;
  /** C, [columns×columnsY]; needed where β is not 0, and never written to. */
  readonly c?: T;
}

/**
 * β·C + w·XᵀY: with β and w the two weights of a moving average and rows of cases, the update of a (cross-)covariance.
 * X: [rows×columns], Y: [rows×columnsY] → [columns×columnsY].
 *
 * Without Y the result is β·C + w·XᵀX: its lower triangle is computed, reading the lower triangle of C, and mirrored,
 * so that it is exactly symmetric.
 * @throws RangeError for sizes and lengths that do not fit and for a β without C; TypeError where element types differ.
 */
export function gram<T extends FloatArray>(x: T, rows: number, columns: number, options: GramOptions<T> = {}): T {
  const { y, c, weight = 1, beta = 0 } = options;
  const columnsY = y === undefined ? columns : (options.columnsY ?? columns);
  checkSizes("gram", { rows, columns, columnsY });
  checkLength("gram", "x", x, rows, columns);
  if (y) checkLength("gram", "y", y, rows, columnsY);
  if (c) checkLength("gram", "c", c, columns, columnsY);
  if (beta !== 0 && !c) throw new RangeError(`gram: beta is ${show(beta)}, but there is no c to multiply; pass c`);
  checkSameType("gram", { x, ...(y && { y }), ...(c && { c }) });

  const products = y ? crossProduct(x, y, rows, columns, columnsY) : selfProduct(x, rows, columns);
  for (let i = 0; i < columns; i++)
    for (let j = 0; j < columnsY; j++) {
      const at = i * columnsY + j;
      const mirrored = !y && j > i ? j * columns + i : at;
      products[at] = weight * products[at] + (c && beta !== 0 ? beta * c[mirrored] : 0);
    }
  return narrow(products, x);
}

/** XᵀY in float64. X: [rows×p], Y: [rows×q] → [p×q]. */
function crossProduct(x: FloatArray, y: FloatArray, rows: number, p: number, q: number): Float64Array {
  const C = new Float64Array(p * q);
  multiplyPanels(C, packPanels(x, p, rows, 1, p), packPanels(y, q, rows, 1, q), p, rows, q);
  return C;
}

/**
 * XᵀX in float64, exactly symmetric. X: [rows×columns] → [columns×columns]; only tiles on and below the diagonal are
 * computed. Where X is lower triangular, X_ki = 0 for k < i, so the sums of row i start at k = i: a third of the work.
 */
export function selfProduct(x: FloatArray, rows: number, columns: number, lowerTriangular = false): Float64Array {
  const X = packPanels(x, columns, rows, 1, columns);
  const C = new Float64Array(columns * columns);
  const sums = new Float64Array(TILE * TILE);
  for (let i = 0; i < columns; i += TILE) {
    const first = lowerTriangular ? i : 0;
    for (let j = 0; j <= i; j += TILE) {
      multiplyTile(sums, X, i * rows + first * TILE, X, j * rows + first * TILE, rows - first);
      storeTile(C, columns, columns, i, j, sums);
    }
  }
  mirrorLower(C, columns);
  return C;
}

/** C_ji = C_ij for j < i. */
function mirrorLower(C: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) C[j * n + i] = C[i * n + j];
}

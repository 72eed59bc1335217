import { transposeSquare } from "./packing";
import { all, lanes } from "./vectors";

/** Copies that change where elements lie, or their type. Targets overlap no source. */

/** to[i, j] = from[i·fromRow + j·fromColumn] for any strides: slices, concatenation, transposes, and 0 to broadcast. */
export function copy<T>(
  rows: i32,
  columns: i32,
  from: usize,
  fromRow: i32,
  fromColumn: i32,
  to: usize,
  toRow: i32,
): void {
  if (columns == 1) {
    copyScattered<T>(1, rows, from, 0, fromRow, to, 0, toRow);
  } else if (fromColumn == 1) {
    copyRows<T>(rows, columns, from, fromRow, to, toRow);
  } else if (fromColumn == 0) {
    for (let i = 0; i < rows; i++) {
      fill<T>(columns, <f64>load<T>(from + i * fromRow * sizeof<T>()), to + i * toRow * sizeof<T>());
    }
  } else if (fromRow == 1) {
    transpose<T>(columns, rows, from, fromColumn, to, toRow);
  } else {
    copyScattered<T>(rows, columns, from, fromRow, fromColumn, to, toRow, 1);
  }
}

function copyScattered<T>(
  rows: i32,
  columns: i32,
  from: usize,
  fromRow: i32,
  fromColumn: i32,
  to: usize,
  toRow: i32,
  toColumn: i32,
): void {
  for (let i = 0; i < rows; i++) {
    let source = from + i * fromRow * sizeof<T>();
    let target = to + i * toRow * sizeof<T>();
    for (let j = 0; j < columns; j++) {
      store<T>(target, load<T>(source));
      source += fromColumn * sizeof<T>();
      target += toColumn * sizeof<T>();
    }
  }
}

/** Longer rows are left to the engine, whose call takes as long as copying about so many bytes here. */
const LONG = 1024;

/** to[i, j] = from[i, j] for rows that lie fromRow and toRow apart. */
function copyRows<T>(rows: i32, columns: i32, from: usize, fromRow: i32, to: usize, toRow: i32): void {
  if (columns == fromRow && columns == toRow) {
    memory.copy(to, from, rows * columns * sizeof<T>());
    return;
  }
  for (let i = 0; i < rows; i++) {
    copyRow<T>(columns * sizeof<T>(), from, to);
    from += fromRow * sizeof<T>();
    to += toRow * sizeof<T>();
  }
}

/** The elements of one row; memory.copy is a call, which short rows do not repay. */
export function copyRow<T>(bytes: i32, from: usize, to: usize): void {
  if (bytes >= LONG) {
    memory.copy(to, from, bytes);
    return;
  }
  let at = 0;
  for (; at <= bytes - 16; at += 16) v128.store(to + at, v128.load(from + at));
  for (; at < bytes; at += sizeof<T>()) store<T>(to + at, load<T>(from + at));
}

/** Rows and columns of a block of a transpose: its lines stay in L1. */
const BLOCK = 16;

/** to[j, i] = from[i, j]; from: [rows, columns] with rows fromRow apart, to: [columns, rows] with rows toRow apart. */
export function transpose<T>(rows: i32, columns: i32, from: usize, fromRow: i32, to: usize, toRow: i32): void {
  const step = lanes<T>();
  const source = fromRow * sizeof<T>();
  const target = toRow * sizeof<T>();
  for (let i = 0; i < rows; i += BLOCK) {
    const lastRow = min(i + BLOCK, rows);
    const wholeRows = lastRow - ((lastRow - i) & (step - 1));
    for (let j = 0; j < columns; j += step) {
      if (j + step <= columns) {
        for (let r = i; r < wholeRows; r += step) {
          transposeSquare<T>(from + r * source + j * sizeof<T>(), source, to + j * target + r * sizeof<T>(), target);
        }
      }
      const lastColumn = min(j + step, columns);
      for (let q = j; q < lastColumn; q++) {
        for (let r = j + step <= columns ? wholeRows : i; r < lastRow; r++) {
          store<T>(to + q * target + r * sizeof<T>(), load<T>(from + r * source + q * sizeof<T>()));
        }
      }
    }
  }
}

/** Row i of to is row indices[i] (i32) of from; rows are contiguous. */
export function gather<T>(rows: i32, columns: i32, from: usize, indices: usize, to: usize): void {
  const bytes = columns * sizeof<T>();
  for (let i = 0; i < rows; i++) copyRow<T>(bytes, from + load<i32>(indices + i * 4) * bytes, to + i * bytes);
}

export function fill<T>(n: i32, value: f64, to: usize): void {
  const v = all<T>(value);
  const end = to + n * sizeof<T>();
  for (; to + 16 <= end; to += 16) v128.store(to, v);
  for (; to < end; to += sizeof<T>()) store<T>(to, <T>value);
}

/** Elements of type T as the other type: f32 to f64, which is exact, or f64 to f32, which rounds to nearest. */
export function convert<T>(n: i32, from: usize, to: usize): void {
  if (sizeof<T>() == 4) widen(n, from, to);
  else narrow(n, from, to);
}

function widen(n: i32, from: usize, to: usize): void {
  let i = 0;
  for (; i <= n - 2; i += 2) v128.store(to + i * 8, f64x2.promote_low_f32x4(v128.load64_zero(from + i * 4)));
  for (; i < n; i++) store<f64>(to + i * 8, <f64>load<f32>(from + i * 4));
}

function narrow(n: i32, from: usize, to: usize): void {
  let i = 0;
  for (; i <= n - 4; i += 4) {
    const low = f32x4.demote_f64x2_zero(v128.load(from + i * 8));
    const high = f32x4.demote_f64x2_zero(v128.load(from + i * 8, 16));
    v128.store(to + i * 4, v128.shuffle<i64>(low, high, 0, 2));
  }
  for (; i < n; i++) store<f32>(to + i * 4, <f32>load<f64>(from + i * 8));
}

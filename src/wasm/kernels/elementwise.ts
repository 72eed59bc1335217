import { exp } from "./exp";
import { ceilDivide } from "./gemm";
import { kindOf, MAP } from "./jobs";
import { log } from "./log";
import { sigmoid, softplus } from "./logistic";
import { run } from "./pool";
import { tanh } from "./tanh";
import { all, choose, copySign, lanes, loadPart, storePart } from "./vectors";

/**
 * out[i, j] = f(a[i, j], b[i, j], c[i, j]) for every elementwise f. Each operand has a row stride and a column stride of
 * 0 or 1, which broadcasts scalars (0, 0), row vectors (0, 1) and column vectors (1, 0) without copies.
 * A class stands for each f (with no instances: its method is compiled into a loop of its own), numbered in mapUnit.
 */

@unmanaged
class MapJob {
  operation: i32;
  rows: i32;
  columns: i32;
  a: usize;
  aRow: i32;
  aColumn: i32;
  b: usize;
  bRow: i32;
  bColumn: i32;
  c: usize;
  cRow: i32;
  cColumn: i32;
  out: usize;
}

/** Elements of a unit: enough that sharing pays, few enough to balance. */
const UNIT = 16384;

/** out: [rows, columns] contiguous; it may be an operand that is read at the same elements. Operands not used by f are ignored. */
export function map<T>(
  pool: usize,
  operation: i32,
  rows: i32,
  columns: i32,
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  c: usize,
  cRow: i32,
  cColumn: i32,
  out: usize,
  scratch: usize,
): void {
  if (rows <= 0 || columns <= 0) return;
  const job = changetype<MapJob>(scratch);
  job.operation = operation;
  job.rows = rows;
  job.columns = columns;
  job.a = a;
  job.aRow = aRow;
  job.aColumn = aColumn;
  job.b = b;
  job.bRow = bRow;
  job.bColumn = bColumn;
  job.c = c;
  job.cRow = cRow;
  job.cColumn = cColumn;
  job.out = out;
  run(pool, kindOf<T>(MAP), scratch, ceilDivide(rows, rowsOfUnit(job)) * ceilDivide(columns, columnsOfUnit(job)));
}

function rowsOfUnit(job: MapJob): i32 {
  return max(UNIT / job.columns, 1);
}

function columnsOfUnit(job: MapJob): i32 {
  return min(job.columns, UNIT);
}

export function mapUnit<T>(address: usize, unit: i32): void {
  const job = changetype<MapJob>(address);
  const across = ceilDivide(job.columns, columnsOfUnit(job));
  const row = (unit / across) * rowsOfUnit(job);
  const column = (unit % across) * columnsOfUnit(job);
  const rows = min(rowsOfUnit(job), job.rows - row);
  const columns = min(columnsOfUnit(job), job.columns - column);
  switch (job.operation) {
    case 0:
      return each<T, Negative<T>>(job, row, rows, column, columns);
    case 1:
      return each<T, Abs<T>>(job, row, rows, column, columns);
    case 2:
      return each<T, Sign<T>>(job, row, rows, column, columns);
    case 3:
      return each<T, Reciprocal<T>>(job, row, rows, column, columns);
    case 4:
      return each<T, Square<T>>(job, row, rows, column, columns);
    case 5:
      return each<T, Sqrt<T>>(job, row, rows, column, columns);
    case 6:
      return each<T, Exp<T>>(job, row, rows, column, columns);
    case 7:
      return each<T, Log<T>>(job, row, rows, column, columns);
    case 8:
      return each<T, Tanh<T>>(job, row, rows, column, columns);
    case 9:
      return each<T, Sigmoid<T>>(job, row, rows, column, columns);
    case 10:
      return each<T, Softplus<T>>(job, row, rows, column, columns);
    case 11:
      return each<T, Relu<T>>(job, row, rows, column, columns);
    case 12:
      return each<T, Add<T>>(job, row, rows, column, columns);
    case 13:
      return each<T, Sub<T>>(job, row, rows, column, columns);
    case 14:
      return each<T, Mul<T>>(job, row, rows, column, columns);
    case 15:
      return each<T, Div<T>>(job, row, rows, column, columns);
    case 16:
      return each<T, Maximum<T>>(job, row, rows, column, columns);
    case 17:
      return each<T, Minimum<T>>(job, row, rows, column, columns);
    case 18:
      return each<T, Equal<T>>(job, row, rows, column, columns);
    case 19:
      return each<T, NotEqual<T>>(job, row, rows, column, columns);
    case 20:
      return each<T, Greater<T>>(job, row, rows, column, columns);
    case 21:
      return each<T, GreaterEqual<T>>(job, row, rows, column, columns);
    case 22:
      return each<T, Less<T>>(job, row, rows, column, columns);
    case 23:
      return each<T, LessEqual<T>>(job, row, rows, column, columns);
    case 24:
      return each<T, Select<T>>(job, row, rows, column, columns);
  }
}

function each<T, F>(job: MapJob, row: i32, rows: i32, column: i32, columns: i32): void {
  const step = lanes<T>();
  const whole = columns & ~(step - 1);
  const part = columns - whole;
  const aColumn = job.aColumn != 0;
  const bColumn = job.bColumn != 0;
  const cColumn = job.cColumn != 0;
  for (let i = row; i < row + rows; i++) {
    let a = job.a + (i * job.aRow + column * job.aColumn) * sizeof<T>();
    let b = job.b + (i * job.bRow + column * job.bColumn) * sizeof<T>();
    let c = job.c + (i * job.cRow + column * job.cColumn) * sizeof<T>();
    let out = job.out + (i * job.columns + column) * sizeof<T>();
    let x = v128.load_splat<T>(a);
    let y = v128.load_splat<T>(b);
    let z = v128.load_splat<T>(c);
    for (const end = out + whole * sizeof<T>(); out < end; out += 16) {
      if (aColumn) {
        x = v128.load(a);
        a += 16;
      }
      if (bColumn) {
        y = v128.load(b);
        b += 16;
      }
      if (cColumn) {
        z = v128.load(c);
        c += 16;
      }
      v128.store(out, changetype<F>(0).of(x, y, z));
    }
    if (part) {
      if (aColumn) x = loadPart<T>(a, part);
      if (bColumn) y = loadPart<T>(b, part);
      if (cColumn) z = loadPart<T>(c, part);
      storePart<T>(out, part, changetype<F>(0).of(x, y, z));
    }
  }
}

/** A comparison's mask as 1 or 0. */
function truth<T>(mask: v128): v128 {
  return v128.and(mask, all<T>(1));
}

@unmanaged
class Negative<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.neg<T>(x);
  }
}

@unmanaged
class Abs<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.abs<T>(x);
  }
}

/** ±1; zeros and NaN stay what they are. */
@unmanaged
class Sign<T> {
  of(x: v128, y: v128, z: v128): v128 {
    const signed = v128.and(v128.eq<T>(x, x), v128.ne<T>(x, all<T>(0)));
    return choose<T>(signed, copySign<T>(all<T>(1), x), x);
  }
}

@unmanaged
class Reciprocal<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.div<T>(all<T>(1), x);
  }
}

@unmanaged
class Square<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.mul<T>(x, x);
  }
}

@unmanaged
class Sqrt<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.sqrt<T>(x);
  }
}

@unmanaged
class Exp<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return exp<T>(x);
  }
}

@unmanaged
class Log<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return log<T>(x);
  }
}

@unmanaged
class Tanh<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return tanh<T>(x);
  }
}

@unmanaged
class Sigmoid<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return sigmoid<T>(x);
  }
}

@unmanaged
class Softplus<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return softplus<T>(x);
  }
}

/** 0 where x < 0; NaN stays NaN. */
@unmanaged
class Relu<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.pmax<T>(x, all<T>(0));
  }
}

@unmanaged
class Add<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.add<T>(x, y);
  }
}

@unmanaged
class Sub<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.sub<T>(x, y);
  }
}

@unmanaged
class Mul<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.mul<T>(x, y);
  }
}

@unmanaged
class Div<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.div<T>(x, y);
  }
}

/** NaN where either is; so is the minimum. */
@unmanaged
class Maximum<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.max<T>(x, y);
  }
}

@unmanaged
class Minimum<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return v128.min<T>(x, y);
  }
}

@unmanaged
class Equal<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return truth<T>(v128.eq<T>(x, y));
  }
}

@unmanaged
class NotEqual<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return truth<T>(v128.ne<T>(x, y));
  }
}

@unmanaged
class Greater<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return truth<T>(v128.gt<T>(x, y));
  }
}

@unmanaged
class GreaterEqual<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return truth<T>(v128.ge<T>(x, y));
  }
}

@unmanaged
class Less<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return truth<T>(v128.lt<T>(x, y));
  }
}

@unmanaged
class LessEqual<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return truth<T>(v128.le<T>(x, y));
  }
}

/** y where x is not 0, else z. */
@unmanaged
class Select<T> {
  of(x: v128, y: v128, z: v128): v128 {
    return choose<T>(v128.ne<T>(x, all<T>(0)), y, z);
  }
}

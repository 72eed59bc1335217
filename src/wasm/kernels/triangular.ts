import { B_LOWER, ceilDivide, gemm, gemmScratch, roundUp } from "./gemm";
import { kindOf, SOLVE } from "./jobs";
import { madd, microkernel, rowBytes, tileBytes, tileColumns, tileRows } from "./microkernel";
import { packPanel, unpackPanel } from "./packing";
import { run } from "./pool";

/**
 * Triangular systems and inverses by halves: what is not a product of halves is a block of at most LEAF rows.
 *
 * A block is solved as BLIS does: W columns of B are packed k-major, and for each R rows of T the micro-kernel subtracts
 * what is already solved, and a small substitution finishes them. Strides make left, right and transposed one routine.
 */
const LEAF = 64;
/** Columns of B that are one unit of a block. */
const UNIT_COLUMNS = 64;
const SHARE_FROM = 64 * 64 * 256;

@unmanaged
class SolveJob {
  forward: bool;
  n: i32;
  m: i32;
  b: usize;
  bRow: i32; // bytes
  bColumn: i32;
  rows: usize; // for each R rows of T: −T packed k-major, [n][R]
  corners: usize; // for each R rows of T: the R×R block on the diagonal
  panels: usize; // for each thread: W columns of B
}
const JOB_BYTES = 64;

/** Bytes of scratch memory for a solve of order n with m right-hand sides; also enough for solves and products within. */
export function solveScratch<T>(n: i32, m: i32, threads: i32): i32 {
  return max(blockScratch<T>(threads), max(gemmScratch<T>(n, m, n, threads), gemmScratch<T>(m, n, n, threads)));
}

function blockScratch<T>(threads: i32): i32 {
  return JOB_BYTES + rowsBytes<T>() + cornersBytes<T>() + threads * panelBytes();
}

function rowsBytes<T>(): i32 {
  return roundUp(LEAF, tileRows()) * LEAF * sizeof<T>();
}

function cornersBytes<T>(): i32 {
  return roundUp(roundUp(LEAF, tileRows()) * tileRows() * sizeof<T>(), 64);
}

/** W columns of B and a spare tile behind them. */
function panelBytes(): i32 {
  return roundUp(LEAF, tileRows()) * rowBytes() + tileBytes();
}

/**
 * Overwrites B with X, for the lower triangular L of order n with rows ldl apart:
 * left: L·X = B, or Lᵀ·X = B (transposed), B: [n, m]; right: X·L = B, or X·Lᵀ = B (transposed), B: [m, n].
 */
export function solveTriangular<T>(
  pool: usize,
  right: i32,
  transposed: i32,
  n: i32,
  m: i32,
  l: usize,
  ldl: i32,
  b: usize,
  ldb: i32,
  scratch: usize,
): void {
  // X·Lᵀ = B is L·Xᵀ = Bᵀ, and X·L = B is Lᵀ·Xᵀ = Bᵀ
  const forward = (right != 0) == (transposed != 0);
  const bRow = right ? 1 : ldb;
  const bColumn = right ? ldb : 1;
  solve<T>(pool, forward, n, m, l, forward ? ldl : 1, forward ? 1 : ldl, b, bRow, bColumn, scratch);
}

/**
 * T·X = B in place; T: [n, n] lower triangular (forward) or upper (backward), B: [n, m] with one stride 1.
 *
 *   forward:  X₁ = T₁₁⁻¹B₁, X₂ = T₂₂⁻¹(B₂ − T₂₁X₁)      backward:  X₂ = T₂₂⁻¹B₂, X₁ = T₁₁⁻¹(B₁ − T₁₂X₂)
 */
export function solve<T>(
  pool: usize,
  forward: bool,
  n: i32,
  m: i32,
  t: usize,
  tRow: i32,
  tColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  scratch: usize,
): void {
  if (n <= 0 || m <= 0) return;
  if (n <= LEAF) {
    solveBlock<T>(pool, forward, n, m, t, tRow, tColumn, b, bRow, bColumn, scratch);
    return;
  }
  const n1 = half(n);
  const n2 = n - n1;
  const t22 = t + n1 * (tRow + tColumn) * sizeof<T>();
  const b2 = b + n1 * bRow * sizeof<T>();
  if (forward) {
    const t21 = t + n1 * tRow * sizeof<T>();
    solve<T>(pool, forward, n1, m, t, tRow, tColumn, b, bRow, bColumn, scratch);
    subtract<T>(pool, n2, n1, m, t21, tRow, tColumn, b, b2, bRow, bColumn, scratch);
    solve<T>(pool, forward, n2, m, t22, tRow, tColumn, b2, bRow, bColumn, scratch);
  } else {
    const t12 = t + n1 * tColumn * sizeof<T>();
    solve<T>(pool, forward, n2, m, t22, tRow, tColumn, b2, bRow, bColumn, scratch);
    subtract<T>(pool, n1, n2, m, t12, tRow, tColumn, b2, b, bRow, bColumn, scratch);
    solve<T>(pool, forward, n1, m, t, tRow, tColumn, b, bRow, bColumn, scratch);
  }
}

/** Where to cut n > LEAF: near the middle, at a multiple of LEAF. */
function half(n: i32): i32 {
  return roundUp(n / 2, LEAF);
}

/** C −= T·X, or where B's columns are contiguous Cᵀ −= XᵀTᵀ; T: [rows, n], X: [n, m], C: [rows, m]. */
function subtract<T>(
  pool: usize,
  rows: i32,
  n: i32,
  m: i32,
  t: usize,
  tRow: i32,
  tColumn: i32,
  x: usize,
  c: usize,
  bRow: i32,
  bColumn: i32,
  scratch: usize,
): void {
  if (bColumn == 1) gemm<T>(pool, 0, rows, m, n, -1, t, tRow, tColumn, x, bRow, bColumn, 1, c, c, bRow, scratch);
  else gemm<T>(pool, 0, m, rows, n, -1, x, bColumn, bRow, t, tColumn, tRow, 1, c, c, bColumn, scratch);
}

function solveBlock<T>(
  pool: usize,
  forward: bool,
  n: i32,
  m: i32,
  t: usize,
  tRow: i32,
  tColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  scratch: usize,
): void {
  const job = changetype<SolveJob>(scratch);
  job.forward = forward;
  job.n = n;
  job.m = m;
  job.b = b;
  job.bRow = bRow * sizeof<T>();
  job.bColumn = bColumn * sizeof<T>();
  job.rows = scratch + JOB_BYTES;
  job.corners = job.rows + rowsBytes<T>();
  job.panels = job.corners + cornersBytes<T>();
  packTriangle<T>(job, t, tRow * sizeof<T>(), tColumn * sizeof<T>());
  const units = ceilDivide(m, UNIT_COLUMNS);
  run(n * n * m < SHARE_FROM ? 0 : pool, kindOf<T>(SOLVE), scratch, units);
}

/** −T in panels of R rows; beside them the diagonal R×R blocks, row-major, with the reciprocals of their diagonals. */
function packTriangle<T>(job: SolveJob, t: usize, tRow: i32, tColumn: i32): void {
  const height = tileRows();
  const n = job.n;
  let panel = job.rows;
  let corner = job.corners;
  for (let i = 0; i < n; i += height) {
    const rows = min(height, n - i);
    const from = job.forward ? 0 : min(i + height, n);
    const to = job.forward ? i : n;
    const source = t + i * tRow + from * tColumn;
    packPanel<T>(panel + from * height * sizeof<T>(), height, rows, to - from, source, tRow, tColumn, <T>-1);
    for (let r = 0; r < rows; r++) {
      for (let s = 0; s < rows; s++) {
        const x = load<T>(t + (i + r) * tRow + (i + s) * tColumn);
        store<T>(corner + (r * height + s) * sizeof<T>(), r == s ? <T>1 / x : -x);
      }
    }
    panel += height * n * sizeof<T>();
    corner += height * height * sizeof<T>();
  }
}

/** Solves UNIT_COLUMNS columns of a block. */
export function solveUnit<T>(address: usize, unit: i32, slot: i32): void {
  const job = changetype<SolveJob>(address);
  const height = tileRows();
  const width = tileColumns<T>();
  const n = job.n;
  const row = rowBytes();
  const panel = job.panels + slot * panelBytes();
  const spare = panel + panelBytes() - tileBytes();
  const end = min(job.m, (unit + 1) * UNIT_COLUMNS);
  const last = ((n - 1) / height) * height;
  for (let column = unit * UNIT_COLUMNS; column < end; column += width) {
    const valid = min(width, end - column);
    const b = job.b + column * job.bColumn;
    packPanel<T>(panel, width, valid, n, b, job.bColumn, job.bRow, <T>1);
    for (let step = 0; step <= last; step += height) {
      const i = job.forward ? step : last - step;
      const from = job.forward ? 0 : min(i + height, n);
      const count = job.forward ? i : n - from;
      const rows = job.rows + (i * n + from * height) * sizeof<T>();
      const to = panel + i * row;
      if (count > 0) microkernel<T>(1, count, rows, 0, panel + from * row, to, row, true, spare);
      const corner = job.corners + i * height * sizeof<T>();
      for (let pair = 0; pair < row; pair += 32) substitute<T>(job.forward, min(height, n - i), corner, to + pair);
    }
    unpackPanel<T>(panel, width, valid, n, b, job.bColumn, job.bRow);
  }
}

/** The last step, within one R×R block: x_r = (x_r − Σ t_rs x_s) / t_rr, for the first two vectors of x: [rows][W]. */
function substitute<T>(forward: bool, rows: i32, corner: usize, x: usize): void {
  const height = tileRows();
  for (let step = 0; step < rows; step++) {
    const r = forward ? step : rows - 1 - step;
    const t = corner + r * height * sizeof<T>();
    const to = x + r * rowBytes();
    let x0 = v128.load(to);
    let x1 = v128.load(to, 16);
    const end = forward ? r : rows;
    for (let s = forward ? 0 : r + 1; s < end; s++) {
      const factor = v128.load_splat<T>(t + s * sizeof<T>());
      x0 = madd<T>(factor, v128.load(x + s * rowBytes()), x0);
      x1 = madd<T>(factor, v128.load(x + s * rowBytes(), 16), x1);
    }
    const reciprocal = v128.load_splat<T>(t + r * sizeof<T>());
    v128.store(to, v128.mul<T>(x0, reciprocal));
    v128.store(to, v128.mul<T>(x1, reciprocal), 16);
  }
}

/** Rows that invertBlock handles. */
const INVERSE_LEAF = 32;

/** Bytes of scratch memory for invertTriangular. */
export function invertScratch<T>(n: i32, threads: i32): i32 {
  return roundUp(half(n) * half(n) * sizeof<T>(), 64) + max(solveScratch<T>(n, n, threads), inverseBlockBytes<T>());
}

function inverseBlockBytes<T>(): i32 {
  return 2 * INVERSE_LEAF * INVERSE_LEAF * sizeof<T>();
}

/**
 * Overwrites the lower triangular L, whose upper triangle must hold zeros, with L⁻¹:
 *
 *   (L₁₁ 0; L₂₁ L₂₂)⁻¹ = (L₁₁⁻¹ 0; −L₂₂⁻¹(L₂₁L₁₁⁻¹) L₂₂⁻¹)
 *
 * with a solve by L₂₂, not a product with its inverse, which would lose accuracy (Du Croz & Higham, 1992).
 */
export function invertTriangular<T>(pool: usize, n: i32, l: usize, ldl: i32, scratch: usize): void {
  if (n <= 0) return;
  if (n <= INVERSE_LEAF) {
    invertBlock<T>(n, l, ldl * sizeof<T>(), scratch);
    return;
  }
  const n1 = n <= 2 * INVERSE_LEAF ? INVERSE_LEAF : half(n);
  const n2 = n - n1;
  const l21 = l + n1 * ldl * sizeof<T>();
  const l22 = l21 + n1 * sizeof<T>();
  const product = scratch;
  const rest = scratch + roundUp(n2 * n1 * sizeof<T>(), 64);
  invertTriangular<T>(pool, n1, l, ldl, scratch);
  gemm<T>(pool, B_LOWER, n2, n1, n1, -1, l21, ldl, 1, l, ldl, 1, 0, product, product, n1, rest);
  for (let i = 0; i < n2; i++) {
    memory.copy(l21 + i * ldl * sizeof<T>(), product + i * n1 * sizeof<T>(), n1 * sizeof<T>());
  }
  solve<T>(pool, true, n2, n1, l22, ldl, 1, l21, ldl, 1, rest);
  invertTriangular<T>(pool, n2, l22, ldl, scratch);
}

/** Row i of X = L⁻¹ from the rows above: xᵢ = (eᵢ − Σ_{k<i} lᵢₖ xₖ) / lᵢᵢ. */
function invertBlock<T>(n: i32, l: usize, ldl: i32, x: usize): void {
  const row = INVERSE_LEAF * sizeof<T>();
  memory.fill(x, 0, INVERSE_LEAF * row);
  for (let i = 0; i < n; i++) {
    const from = l + i * ldl;
    const to = x + i * row;
    const reciprocal = <T>1 / load<T>(from + i * sizeof<T>());
    const scale = v128.splat<T>(reciprocal);
    for (let j = 0; j < i; j += 64 / sizeof<T>()) {
      let x0 = v128.splat<T>(<T>0);
      let x1 = x0;
      let x2 = x0;
      let x3 = x0;
      for (let k = j; k < i; k++) {
        const factor = v128.neg<T>(v128.load_splat<T>(from + k * sizeof<T>()));
        const above = x + k * row + j * sizeof<T>();
        x0 = madd<T>(factor, v128.load(above), x0);
        x1 = madd<T>(factor, v128.load(above, 16), x1);
        x2 = madd<T>(factor, v128.load(above, 32), x2);
        x3 = madd<T>(factor, v128.load(above, 48), x3);
      }
      v128.store(to + j * sizeof<T>(), v128.mul<T>(x0, scale));
      v128.store(to + j * sizeof<T>(), v128.mul<T>(x1, scale), 16);
      v128.store(to + j * sizeof<T>(), v128.mul<T>(x2, scale), 32);
      v128.store(to + j * sizeof<T>(), v128.mul<T>(x3, scale), 48);
    }
    store<T>(to + i * sizeof<T>(), reciprocal);
  }
  for (let i = 0; i < n; i++) memory.copy(l + i * ldl, x + i * row, n * sizeof<T>());
}

import { GEMM, kindOf } from "./jobs";
import { microkernel, rowBytes, tileBytes, tileColumns, tileProduct, tileRows } from "./microkernel";
import { packPanels } from "./packing";
import { awaitDone, run, threads } from "./pool";
import { hasTile, smallProduct } from "./smallProduct";

/**
 * C = α·A·B + β·C₀, in the loops of BLIS (Van Zee & van de Geijn, 2015), cut into units that threads share:
 *
 *   for each slab of B, of SLAB_BLOCKS blocks of k and SLAB_COLUMNS columns      (in memory shared by all threads)
 *     units: pack a few columns of the slab into panels
 *     units: a tile of C, mc × nt, whole; for each block of k, in order:
 *       pack the mc rows of A                                                  (the thread's own memory, L2)
 *       for each panel of B (L1), for each panel of A: micro-kernel            (registers)
 *
 * One thread computes a tile through all of k, and the blocks of k depend on k alone, so every element of C is the same
 * sum in the same order however many threads there are and however C is cut.
 *
 * Triangles are skipped register tile by register tile: k runs only where both factors can be nonzero.
 */

/** Structure that saves work. A triangular factor must hold zeros in its other triangle. */
export const A_LOWER: i32 = 1; // A[i, k] = 0 for k > i
export const A_UPPER: i32 = 2; // A[i, k] = 0 for k < i
export const B_LOWER: i32 = 4; // B[k, j] = 0 for k < j
export const B_UPPER: i32 = 8; // B[k, j] = 0 for k > j
export const C_LOWER: i32 = 16; // only C[i, j] with j ≤ i is wanted; what lies above is undefined afterwards
export const C_UPPER: i32 = 32; // only C[i, j] with j ≥ i

const MAX_MC = 120;
const MAX_NT = 512;
const MAX_DEPTH = 256;
/** Blocks of k in a slab. */
const SLAB_BLOCKS = 4;
const SLAB_COLUMNS = 1024;
/** Columns of B packed as one unit. */
const PACK_COLUMNS = 128;
/** Below this many multiplications one thread is faster than two. */
const SHARE_FROM = 100 * 100 * 100;

@unmanaged
class GemmJob {
  m: i32;
  n: i32;
  k: i32;
  structure: i32;
  overwrite: i32; // 1: the first block of k overwrites C, 0: every block adds to it
  alpha: f64;
  beta: f64;
  a: usize;
  aRow: i32; // strides in bytes
  aColumn: i32;
  b: usize;
  bRow: i32;
  bColumn: i32;
  c0: usize;
  c: usize;
  cRow: i32;
  depth: i32; // length of a block of k
  mc: i32; // rows of a tile
  nt: i32; // columns of a tile
  slab: usize;
  blocks: usize; // for each thread: a packed block of A, then one register tile
  blockBytes: i32;
}
const JOB_BYTES = 128;

/** Bytes of scratch memory for a product of these sizes on this many threads. */
export function gemmScratch<T>(m: i32, n: i32, k: i32, threads: i32): i32 {
  return JOB_BYTES + slabBytes<T>(n, k) + threads * blockBytes<T>(m, k);
}

function slabBytes<T>(n: i32, k: i32): i32 {
  const columns = roundUp(min(n, SLAB_COLUMNS), tileColumns<T>());
  return roundUp(columns * min(k, SLAB_BLOCKS * MAX_DEPTH) * sizeof<T>(), 64);
}

function blockBytes<T>(m: i32, k: i32): i32 {
  const rows = roundUp(min(m, MAX_MC), tileRows());
  return roundUp(rows * min(k, MAX_DEPTH) * sizeof<T>() + tileBytes(), 64);
}

/**
 * C = α·A·B + β·C₀. A: [m, k], B: [k, n], C₀ and C: [m, n] with rows cRow apart (they may be the same).
 * Strides count elements and may be negative. β = 0 reads no C₀.
 */
export function gemm<T>(
  pool: usize,
  structure: i32,
  m: i32,
  n: i32,
  k: i32,
  alpha: f64,
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  beta: f64,
  c0: usize,
  c: usize,
  cRow: i32,
  scratch: usize,
): void {
  if (m <= 0 || n <= 0) return;
  if (k <= 0 || alpha == 0) {
    scaleRows<T>(m, n, beta, c0, c, cRow * sizeof<T>());
    return;
  }
  const small = <f64>m * n * k < SHARE_FROM;
  if (small && structure == 0 && k <= MAX_DEPTH && hasTile<T>(m, n)) {
    const accumulate = beta == 1 && c0 == c;
    const direct = bColumn == 1 && alpha == 1;
    const wholeTiles = n % tileColumns<T>() == 0;
    if ((accumulate || beta == 0) && (wholeTiles || (direct && !accumulate))) {
      const bytes = sizeof<T>();
      const spare = scratch + slabBytes<T>(n, k);
      let panel = 1;
      bRow *= bytes;
      if (!direct) {
        packPanels<T>(scratch, tileColumns<T>(), n, k, b, bColumn * bytes, bRow, <T>alpha);
        b = scratch;
        bRow = rowBytes();
        panel = k;
      }
      smallProduct<T>(m, n, k, a, aRow * bytes, aColumn * bytes, b, bRow, panel, c, cRow * bytes, accumulate, spare);
      return;
    }
  }
  if (small) pool = 0;
  const job = changetype<GemmJob>(scratch);
  job.m = m;
  job.n = n;
  job.k = k;
  job.structure = structure;
  job.overwrite = i32(beta == 0 && !someSumsEmpty(structure, m, n, k));
  job.alpha = alpha;
  job.beta = beta;
  job.a = a;
  job.aRow = aRow * sizeof<T>();
  job.aColumn = aColumn * sizeof<T>();
  job.b = b;
  job.bRow = bRow * sizeof<T>();
  job.bColumn = bColumn * sizeof<T>();
  job.c0 = c0;
  job.c = c;
  job.cRow = cRow * sizeof<T>();
  job.depth = ceilDivide(k, ceilDivide(k, MAX_DEPTH));
  job.mc = MAX_MC;
  job.nt = MAX_NT;
  const many = 4 * threads(pool);
  if (many > 4) {
    while (tiles(job) < many && job.nt > 128) job.nt /= 2;
    while (tiles(job) < many && job.mc > 48) job.mc -= 24;
  }
  job.slab = scratch + JOB_BYTES;
  job.blocks = job.slab + slabBytes<T>(n, k);
  job.blockBytes = blockBytes<T>(m, k);
  run(pool, kindOf<T>(GEMM), scratch, units(job));
}

/** Whether the structure leaves some elements of A·B without any term. */
function someSumsEmpty(structure: i32, m: i32, n: i32, k: i32): bool {
  return (
    (structure & (A_LOWER | B_LOWER)) == (A_LOWER | B_LOWER) ||
    (structure & (A_UPPER | B_UPPER)) == (A_UPPER | B_UPPER) ||
    ((structure & A_UPPER) != 0 && m > k) ||
    ((structure & B_LOWER) != 0 && n > k)
  );
}

function tiles(job: GemmJob): i32 {
  return ceilDivide(job.m, job.mc) * ceilDivide(job.n, job.nt);
}

function units(job: GemmJob): i32 {
  let total = 0;
  for (let j = 0; j < job.n; j += SLAB_COLUMNS) {
    for (let p = 0; p < job.k; p += SLAB_BLOCKS * job.depth) {
      total += packUnits(job, j, p) + tileUnits(job, j);
    }
  }
  return total;
}

function packUnits(job: GemmJob, j: i32, p: i32): i32 {
  return ceilDivide(min(job.n - j, SLAB_COLUMNS), PACK_COLUMNS) * slabBlocks(job, p);
}

function slabBlocks(job: GemmJob, p: i32): i32 {
  return min(ceilDivide(job.k - p, job.depth), SLAB_BLOCKS);
}

function tileUnits(job: GemmJob, j: i32): i32 {
  return ceilDivide(job.m, job.mc) * ceilDivide(min(job.n - j, SLAB_COLUMNS), job.nt);
}

/** One unit of a product: finds its slab, then packs or multiplies. */
export function gemmUnit<T>(address: usize, pool: usize, unit: i32, slot: i32): void {
  const job = changetype<GemmJob>(address);
  let first = 0;
  for (let j = 0; j < job.n; j += SLAB_COLUMNS) {
    for (let p = 0; p < job.k; p += SLAB_BLOCKS * job.depth) {
      const packs = packUnits(job, j, p);
      if (unit < first + packs) {
        awaitDone(pool, first);
        packUnit<T>(job, j, p, unit - first);
        return;
      }
      first += packs;
      const count = tileUnits(job, j);
      if (unit < first + count) {
        awaitDone(pool, first);
        // from the last rows up: in a lower triangle they are the longest
        tileUnit<T>(job, j, p, count - 1 - (unit - first), slot);
        return;
      }
      first += count;
    }
  }
}

/** Where in the slab the panels of a block of k begin. */
function slabBlock<T>(job: GemmJob, j: i32, block: i32): usize {
  const columns = roundUp(min(job.n - j, SLAB_COLUMNS), tileColumns<T>());
  return job.slab + columns * block * job.depth * sizeof<T>();
}

function packUnit<T>(job: GemmJob, j: i32, p: i32, unit: i32): void {
  const blocks = slabBlocks(job, p);
  const block = unit % blocks;
  const from = (unit / blocks) * PACK_COLUMNS;
  const to = min(from + PACK_COLUMNS, min(job.n - j, SLAB_COLUMNS));
  p += block * job.depth;
  const depth = min(job.depth, job.k - p);
  const panels = slabBlock<T>(job, j, block) + from * depth * sizeof<T>();
  const source = job.b + (j + from) * job.bColumn + p * job.bRow;
  packPanels<T>(panels, tileColumns<T>(), to - from, depth, source, job.bColumn, job.bRow, <T>1);
}

function tileUnit<T>(job: GemmJob, j: i32, p: i32, tile: i32, slot: i32): void {
  const across = ceilDivide(min(job.n - j, SLAB_COLUMNS), job.nt);
  const i = (tile / across) * job.mc;
  const offset = (tile % across) * job.nt;
  const rows = min(job.mc, job.m - i);
  const columns = min(job.nt, min(job.n - j, SLAB_COLUMNS) - offset);
  const column = j + offset;
  const structure = job.structure;
  if (structure & C_LOWER && column > i + rows - 1) return;
  if (structure & C_UPPER && column + columns - 1 < i) return;

  const c = i * job.cRow + column * sizeof<T>();
  if (p == 0 && !job.overwrite) scaleRows<T>(rows, columns, job.beta, job.c0 + c, job.c + c, job.cRow);

  let low = 0;
  let high = job.k;
  if (structure & A_LOWER) high = min(high, i + rows);
  if (structure & A_UPPER) low = max(low, i);
  if (structure & B_LOWER) low = max(low, column);
  if (structure & B_UPPER) high = min(high, column + columns);

  const block = job.blocks + slot * job.blockBytes;
  const blocks = slabBlocks(job, p);
  for (let q = 0; q < blocks; q++) {
    const k = p + q * job.depth;
    const depth = min(job.depth, job.k - k);
    if (k >= high || k + depth <= low) continue;
    const a = job.a + i * job.aRow + k * job.aColumn;
    packPanels<T>(block, tileRows(), rows, depth, a, job.aRow, job.aColumn, <T>job.alpha);
    const panels = slabBlock<T>(job, j, q) + offset * depth * sizeof<T>();
    multiplyBlock<T>(job, block, panels, i, rows, column, columns, k, depth);
  }
}

/** C = β·C₀ */
function scaleRows<T>(rows: i32, columns: i32, beta: f64, c0: usize, c: usize, cRow: i32): void {
  if (beta == 1 && c0 == c) return;
  const lanes = 16 / sizeof<T>();
  const s = v128.splat<T>(<T>beta);
  for (let i = 0; i < rows; i++) {
    let j = 0;
    if (beta == 0) {
      memory.fill(c, 0, columns * sizeof<T>());
    } else {
      for (; j <= columns - lanes; j += lanes) {
        const at = j * sizeof<T>();
        v128.store(c + at, v128.mul<T>(s, v128.load(c0 + at)));
      }
      for (; j < columns; j++) {
        const at = j * sizeof<T>();
        store<T>(c + at, <T>beta * load<T>(c0 + at));
      }
    }
    c0 += cRow;
    c += cRow;
  }
}

/** C[i …, j …] += A[i …, k …] · B[k …, j …] for one block of k, both factors packed. */
function multiplyBlock<T>(
  job: GemmJob,
  block: usize,
  panels: usize,
  i: i32,
  rows: i32,
  j: i32,
  columns: i32,
  k: i32,
  depth: i32,
): void {
  const height = tileRows();
  const width = tileColumns<T>();
  const structure = job.structure;
  const overwrite = job.overwrite != 0;
  const cRow = job.cRow;
  const edge = job.blocks + job.blockBytes - tileBytes() + (block - job.blocks);
  for (let column = 0; column < columns; column += width) {
    let a = block;
    let c = job.c + i * cRow + (j + column) * sizeof<T>();
    let row = 0;
    if (structure == 0 && columns - column >= width) {
      const tiles = rows / height;
      microkernel<T>(tiles, depth, a, height * depth * sizeof<T>(), panels, c, cRow, !overwrite || k > 0, edge);
      row = tiles * height;
      a += row * depth * sizeof<T>();
      c += row * cRow;
    }
    for (; row < rows; row += height) {
      // the nonzero part of this register tile's sum, low ≤ k < high
      let low = 0;
      let high = k + depth;
      let wanted = true;
      if (structure) {
        if (structure & A_LOWER) high = min(high, i + row + height);
        if (structure & A_UPPER) low = max(low, i + row);
        if (structure & B_LOWER) low = max(low, j + column);
        if (structure & B_UPPER) high = min(high, j + column + width);
        if (structure & C_LOWER) wanted = j + column < i + row + height;
        if (structure & C_UPPER) wanted = wanted && i + row < j + column + width;
      }
      const from = max(low, k);
      if (wanted && from < high) {
        const skip = from - k;
        const ap = a + skip * height * sizeof<T>();
        const bp = panels + skip * width * sizeof<T>();
        const accumulate = !overwrite || k > low;
        if (rows - row >= height && columns - column >= width) {
          microkernel<T>(1, high - from, ap, 0, bp, c, cRow, accumulate, edge);
        } else {
          tileProduct<T>(high - from, ap, bp, edge);
          copyEdge<T>(min(height, rows - row), min(width, columns - column), edge, c, cRow, accumulate);
        }
      }
      a += height * depth * sizeof<T>();
      c += height * cRow;
    }
    panels += width * depth * sizeof<T>();
  }
}

/** The part of a register tile that lies inside C. */
function copyEdge<T>(rows: i32, columns: i32, edge: usize, c: usize, cRow: i32, accumulate: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = c + j * sizeof<T>();
      const x = load<T>(edge + j * sizeof<T>());
      store<T>(at, accumulate ? load<T>(at) + x : x);
    }
    edge += rowBytes();
    c += cRow;
  }
}

export function ceilDivide(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

export function roundUp(a: i32, b: i32): i32 {
  return ceilDivide(a, b) * b;
}

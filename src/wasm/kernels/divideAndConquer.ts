import { gemm } from "./gemm";
import { copyRow } from "./movement";
import { sortByValue } from "./sort";
import { secularRoot } from "./secular";

/**
 * Eigenvalues and -vectors of a symmetric tridiagonal matrix by divide and conquer (Cuppen 1981, Gu & Eisenstat 1995).
 *
 * T = (T₁ 0; 0 T₂) + ρuuᵀ with u = (…, 1, ±1, …). With T₁ = Q₁D₁Q₁ᵀ and T₂ = Q₂D₂Q₂ᵀ it is similar to D + ρzzᵀ, whose
 * eigenvalues solve the secular equation. Entries of z that are negligible, and equal entries of D, are deflated: their vectors
 * are kept. The others are recomputed by products, which is nearly all of the work. Scalars are double precision throughout.
 *
 * Rows of Q are eigenvectors here, so that rotations and copies are contiguous.
 */

/** Orders up to this are solved by QL iterations; a multiple of eight. */
const LEAF = 16;

@unmanaged
class Tree {
  pool: usize;
  n: i32;
  epsilon: f64;
  q: usize; // T[n][n]
  packed: usize; // T[n][n]: the halves of Q that are multiplied, and deflated rows
  u: usize; // T[n][n]: eigenvectors of D + ρzzᵀ, one a row
  leaf: usize; // f64[LEAF][LEAF]
  rotations: usize; // f64[LEAF][2]: cosines and sines of one sweep
  d: usize; // f64[n]: diagonal, then eigenvalues
  e: usize; // f64[n]: off-diagonal
  z: usize; // f64[n]
  kept: usize; // f64[n]: d of what is not deflated, ascending
  keptSquares: usize; // f64[n]: its z²
  grouped: usize; // f64[n]: kept, in the order of the columns of u
  groupedZ: usize; // f64[n]: its z, recomputed
  pole: usize; // f64[n]: for each root the pole it is measured from
  tau: usize; // f64[n]: and its distance
  entries: usize; // f64[n]: a row of u
  deflatedD: usize; // f64[n]
  order: usize; // i32[n]: rows by ascending d
  side: usize; // i32[n]: where a row is nonzero: LEFT, BOTH or RIGHT
  keptRow: usize; // i32[n]
  groupedRow: usize; // i32[n]
  deflatedRow: usize; // i32[n]
  scratch: usize; // for products
}
const LEFT = 0;
const BOTH = 1;
const RIGHT = 2;
const TREE_BYTES = 128;

/** Bytes of `space` for order n, without the scratch memory of an n×n product. */
export function treeBytes<T>(n: i32): i32 {
  return TREE_BYTES + LEAF * (LEAF + 2) * 8 + 2 * n * n * sizeof<T>() + n * (9 * 8 + 5 * 4) + 64;
}

/**
 * d (f64[n], diagonal) becomes the eigenvalues, unordered; q (T[n][n]) their eigenvectors, one a row; e (f64[n],
 * off-diagonal) is destroyed. Returns 0, or 1 if an iteration did not converge.
 */
export function divideAndConquer<T>(
  pool: usize,
  n: i32,
  d: usize,
  e: usize,
  q: usize,
  space: usize,
  scratch: usize,
): i32 {
  const tree = changetype<Tree>(space);
  tree.pool = pool;
  tree.n = n;
  tree.epsilon = sizeof<T>() == 8 ? f64.EPSILON / 2 : <f64>f32.EPSILON / 2;
  tree.d = d;
  tree.e = e;
  tree.q = q;
  let free = space + TREE_BYTES;
  tree.leaf = free;
  tree.rotations = free += LEAF * LEAF * 8;
  tree.z = free += 2 * LEAF * 8;
  tree.kept = free += n * 8;
  tree.keptSquares = free += n * 8;
  tree.grouped = free += n * 8;
  tree.groupedZ = free += n * 8;
  tree.pole = free += n * 8;
  tree.tau = free += n * 8;
  tree.entries = free += n * 8;
  tree.deflatedD = free += n * 8;
  tree.order = free += n * 8;
  tree.side = free += n * 4;
  tree.keptRow = free += n * 4;
  tree.groupedRow = free += n * 4;
  tree.deflatedRow = free += n * 4;
  tree.packed = (free + n * 4 + 63) & ~63;
  tree.u = tree.packed + n * n * sizeof<T>();
  tree.scratch = scratch;
  memory.fill(q, 0, n * n * sizeof<T>());
  return divide<T>(tree, 0, n);
}

function divide<T>(tree: Tree, low: i32, high: i32): i32 {
  if (high - low <= LEAF) return solveLeaf<T>(tree, low, high);
  const middle = low + (high - low) / 2;
  const coupling = load<f64>(tree.e + (middle - 1) * 8);
  const rho = abs(coupling);
  store<f64>(tree.d + (middle - 1) * 8, load<f64>(tree.d + (middle - 1) * 8) - rho);
  store<f64>(tree.d + middle * 8, load<f64>(tree.d + middle * 8) - rho);
  if (divide<T>(tree, low, middle) || divide<T>(tree, middle, high)) return 1;
  merge<T>(tree, low, middle, high, rho, coupling < 0 ? -1 : 1);
  return 0;
}

/** Implicit QL (EISPACK's tql2) in double precision. */
function solveLeaf<T>(tree: Tree, low: i32, high: i32): i32 {
  const n = high - low;
  const z = tree.leaf;
  memory.fill(z, 0, LEAF * LEAF * 8);
  for (let i = 0; i < n; i++) store<f64>(z + (i * LEAF + i) * 8, 1);
  if (!iterate(n, tree.d + low * 8, tree.e + low * 8, z, tree.rotations)) return 1;
  for (let i = 0; i < n; i++) {
    const to = tree.q + ((low + i) * tree.n + low) * sizeof<T>();
    for (let j = 0; j < n; j++) store<T>(to + j * sizeof<T>(), <T>load<f64>(z + (i * LEAF + j) * 8));
  }
  return 0;
}

const MOST_TURNS = 60;

/** Nothing beside a matrix of elements near 1, of which the reduction to T has lost far more; without it graded matrices take too many turns. */
const SMALLEST: f64 = 1e-60;

function iterate(n: i32, d: usize, e: usize, z: usize, rotations: usize): bool {
  store<f64>(e + (n - 1) * 8, 0);
  for (let l = 0; l < n; l++) {
    for (let turn = 0; ; turn++) {
      let m = l;
      for (; m < n - 1; m++) {
        const size = abs(load<f64>(d + m * 8)) + abs(load<f64>(d + m * 8, 8));
        if (abs(load<f64>(e + m * 8)) <= (f64.EPSILON / 2) * size + SMALLEST) break;
      }
      if (m == l) break;
      if (turn == MOST_TURNS) return false;
      sweep(n, l, m, d, e, z, rotations);
    }
  }
  return true;
}

/** One QL step with Wilkinson's shift on rows l … m, its rotations applied to the rows of z. */
function sweep(n: i32, l: i32, m: i32, d: usize, e: usize, z: usize, rotations: usize): void {
  const el = load<f64>(e + l * 8);
  const dl = load<f64>(d + l * 8);
  let g = (load<f64>(d + l * 8, 8) - dl) / (2 * el);
  g = load<f64>(d + m * 8) - dl + el / (g + copysign(Math.sqrt(g * g + 1), g));
  let s: f64 = 1;
  let c: f64 = 1;
  let p: f64 = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * load<f64>(e + i * 8);
    const b = c * load<f64>(e + i * 8);
    let r = length(f, g);
    store<f64>(e + i * 8, r, 8);
    if (r == 0) {
      store<f64>(d + i * 8, load<f64>(d + i * 8, 8) - p, 8);
      store<f64>(e + m * 8, 0);
      rotateRows(n, i + 1, m, z, rotations);
      return;
    }
    s = f / r;
    c = g / r;
    g = load<f64>(d + i * 8, 8) - p;
    r = (load<f64>(d + i * 8) - g) * s + 2 * c * b;
    p = s * r;
    store<f64>(d + i * 8, g + p, 8);
    g = c * r - b;
    store<f64>(rotations + i * 16, c);
    store<f64>(rotations + i * 16, s, 8);
  }
  rotateRows(n, l, m, z, rotations);
  store<f64>(d + l * 8, load<f64>(d + l * 8) - p);
  store<f64>(e + l * 8, g);
  store<f64>(e + m * 8, 0);
}

/**
 * Rotations m − 1, …, l of rows i and i + 1 of z, n columns: (zᵢ, zᵢ₊₁) = (c·zᵢ − s·zᵢ₊₁, c·zᵢ₊₁ + s·zᵢ). Eight columns at a time go through
 * all of them, so that each row is loaded and stored once. Not fused: V8 13's revectorisation makes NaN of the fused form.
 */
function rotateRows(n: i32, l: i32, m: i32, z: usize, rotations: usize): void {
  const row = LEAF * 8;
  for (let column = 0; column < n; column += 8) {
    let at = z + m * row + column * 8;
    let y0 = v128.load(at);
    let y1 = v128.load(at, 16);
    let y2 = v128.load(at, 32);
    let y3 = v128.load(at, 48);
    for (let i = m - 1; i >= l; i--) {
      const c = v128.load64_splat(rotations + i * 16);
      const s = v128.load64_splat(rotations + i * 16, 8);
      const next = at;
      at -= row;
      const x0 = v128.load(at);
      const x1 = v128.load(at, 16);
      const x2 = v128.load(at, 32);
      const x3 = v128.load(at, 48);
      v128.store(next, f64x2.add(f64x2.mul(s, x0), f64x2.mul(c, y0)));
      v128.store(next, f64x2.add(f64x2.mul(s, x1), f64x2.mul(c, y1)), 16);
      v128.store(next, f64x2.add(f64x2.mul(s, x2), f64x2.mul(c, y2)), 32);
      v128.store(next, f64x2.add(f64x2.mul(s, x3), f64x2.mul(c, y3)), 48);
      y0 = f64x2.sub(f64x2.mul(c, x0), f64x2.mul(s, y0));
      y1 = f64x2.sub(f64x2.mul(c, x1), f64x2.mul(s, y1));
      y2 = f64x2.sub(f64x2.mul(c, x2), f64x2.mul(s, y2));
      y3 = f64x2.sub(f64x2.mul(c, x3), f64x2.mul(s, y3));
    }
    v128.store(at, y0);
    v128.store(at, y1, 16);
    v128.store(at, y2, 32);
    v128.store(at, y3, 48);
  }
}

/** √(x² + y²), also where squares underflow: a rotation by inexact x/r and y/r would not be orthogonal. */
function length(x: f64, y: f64): f64 {
  const squares = x * x + y * y;
  if (squares > 1e-280) return Math.sqrt(squares);
  const larger = max(abs(x), abs(y));
  if (larger == 0) return 0;
  x /= larger;
  y /= larger;
  return larger * Math.sqrt(x * x + y * y);
}

/** (x, y) = (c·x + s·y, c·y − s·x) */
function rotate<T>(n: i32, x: usize, y: usize, c: T, s: T): void {
  for (let i = 0; i < n; i++) {
    const at = i * sizeof<T>();
    const xi = load<T>(x + at);
    const yi = load<T>(y + at);
    store<T>(x + at, c * xi + s * yi);
    store<T>(y + at, c * yi - s * xi);
  }
}

/** Rows low … middle − 1 and middle … high − 1 of q and d become the eigenvectors and -values of the whole. */
function merge<T>(tree: Tree, low: i32, middle: i32, high: i32, rho: f64, sign: f64): void {
  const row = tree.n * sizeof<T>();
  const z = tree.z;
  let norm: f64 = 0;
  for (let i = low; i < high; i++) {
    const left = i < middle;
    const x = <f64>load<T>(tree.q + i * row + (left ? middle - 1 : middle) * sizeof<T>());
    store<f64>(z + i * 8, left ? x : sign * x);
    store<i32>(tree.side + i * 4, left ? LEFT : RIGHT);
    norm += x * x;
  }
  const scale = 1 / Math.sqrt(norm);
  for (let i = low; i < high; i++) store<f64>(z + i * 8, load<f64>(z + i * 8) * scale);
  rho *= norm;

  sortByValue(low, high, tree.d, tree.order);
  const count = deflate<T>(tree, low, high, rho);
  for (let k = 0; k < count; k++) {
    const origin = secularRoot(count, k, tree.kept, tree.keptSquares, rho, tree.tau + k * 8);
    store<f64>(tree.pole + k * 8, load<f64>(tree.kept + origin * 8));
  }
  const endOfLeft = group(tree, count, LEFT, 0);
  const endOfBoth = group(tree, count, BOTH, endOfLeft);
  group(tree, count, RIGHT, endOfBoth);
  recomputeZ(tree, count);
  for (let k = 0; k < count; k++) vector<T>(tree, count, k);
  replaceRows<T>(tree, low, middle, high, endOfLeft, endOfBoth, count);
}

/**
 * Lists rows to keep (keptRow, kept, keptSquares) and rows whose eigenvectors are final (deflatedRow); returns how many are kept.
 * A row with ρ|z| ≤ tolerance is final; two rows with nearly equal d are rotated until one of them is.
 */
function deflate<T>(tree: Tree, low: i32, high: i32, rho: f64): i32 {
  const n = high - low;
  const d = tree.d;
  const z = tree.z;
  const row = tree.n * sizeof<T>();
  let size = rho;
  for (let i = low; i < high; i++) size = max(size, abs(load<f64>(d + i * 8)));
  const tolerance = 8 * tree.epsilon * size;
  let count = 0;
  let deflated = 0;
  let previous = -1;
  for (let t = 0; t < n; t++) {
    const i = load<i32>(tree.order + t * 4);
    const zi = load<f64>(z + i * 8);
    if (rho * abs(zi) <= tolerance) {
      store<i32>(tree.deflatedRow + deflated++ * 4, i);
      continue;
    }
    if (previous >= 0) {
      const zp = load<f64>(z + previous * 8);
      const dp = load<f64>(d + previous * 8);
      const di = load<f64>(d + i * 8);
      const length = Math.sqrt(zi * zi + zp * zp);
      const c = zi / length;
      const s = -zp / length;
      if (abs((di - dp) * c * s) <= tolerance) {
        store<f64>(z + i * 8, length);
        store<f64>(d + previous * 8, dp * c * c + di * s * s);
        store<f64>(d + i * 8, dp * s * s + di * c * c);
        const at = low * sizeof<T>();
        rotate<T>(n, tree.q + previous * row + at, tree.q + i * row + at, <T>c, <T>s);
        const side = load<i32>(tree.side + i * 4);
        if (side != load<i32>(tree.side + previous * 4)) store<i32>(tree.side + i * 4, BOTH);
        store<i32>(tree.deflatedRow + deflated++ * 4, previous);
      } else {
        keep(tree, count++, previous);
      }
    }
    previous = i;
  }
  if (previous >= 0) keep(tree, count++, previous);
  return count;
}

function keep(tree: Tree, k: i32, row: i32): void {
  const z = load<f64>(tree.z + row * 8);
  store<i32>(tree.keptRow + k * 4, row);
  store<f64>(tree.kept + k * 8, load<f64>(tree.d + row * 8));
  store<f64>(tree.keptSquares + k * 8, z * z);
}

/** Appends the kept rows of one side to the columns of u, after `end` of them: so each half of q multiplies a block of u. */
function group(tree: Tree, count: i32, side: i32, end: i32): i32 {
  for (let k = 0; k < count; k++) {
    const row = load<i32>(tree.keptRow + k * 4);
    if (load<i32>(tree.side + row * 4) != side) continue;
    store<i32>(tree.groupedRow + end * 4, row);
    store<f64>(tree.grouped + end * 8, load<f64>(tree.kept + k * 8));
    store<f64>(tree.groupedZ + end * 8, load<f64>(tree.z + row * 8));
    end++;
  }
  return end;
}

/**
 * The z for which the computed roots λₖ are exact, which makes the vectors orthogonal (Gu & Eisenstat):
 * ẑᵢ² ∝ (λᵢ − dᵢ)·Π_{k≠i} (λₖ − dᵢ)/(dₖ − dᵢ).
 */
function recomputeZ(tree: Tree, count: i32): void {
  const one = f64x2.splat(1);
  for (let c = 0; c < count; c += 2) {
    const d = v128.load(tree.grouped + c * 8);
    let product = one;
    for (let k = 0; k < count; k++) {
      const gap = f64x2.sub(d, v128.load64_splat(tree.kept + k * 8));
      const divisor = v128.bitselect(one, gap, f64x2.eq(gap, f64x2.splat(0)));
      product = f64x2.mul(product, f64x2.div(rootDistance(tree, k, d), divisor));
    }
    const root = f64x2.sqrt(f64x2.abs(product));
    const at = tree.groupedZ + c * 8;
    store<f64>(at, copysign(f64x2.extract_lane(root, 0), load<f64>(at)));
    if (c + 1 < count) store<f64>(at, copysign(f64x2.extract_lane(root, 1), load<f64>(at, 8)), 8);
  }
}

/** d − λₖ */
function rootDistance(tree: Tree, k: i32, d: v128): v128 {
  return f64x2.sub(f64x2.sub(d, v128.load64_splat(tree.pole + k * 8)), v128.load64_splat(tree.tau + k * 8));
}

/** Row k of u: ẑᵢ/(dᵢ − λₖ), of length 1. */
function vector<T>(tree: Tree, count: i32, k: i32): void {
  let squares = f64x2.splat(0);
  let c = 0;
  for (; c + 2 <= count; c += 2) {
    const x = f64x2.div(v128.load(tree.groupedZ + c * 8), rootDistance(tree, k, v128.load(tree.grouped + c * 8)));
    v128.store(tree.entries + c * 8, x);
    squares = f64x2.add(squares, f64x2.mul(x, x));
  }
  let square = f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1);
  if (c < count) {
    const distance = load<f64>(tree.grouped + c * 8) - load<f64>(tree.pole + k * 8) - load<f64>(tree.tau + k * 8);
    const x = load<f64>(tree.groupedZ + c * 8) / distance;
    store<f64>(tree.entries + c * 8, x);
    square += x * x;
  }
  const scale = 1 / Math.sqrt(square);
  const to = tree.u + k * count * sizeof<T>();
  for (c = 0; c + 2 <= count; c += 2) {
    const x = f64x2.mul(v128.load(tree.entries + c * 8), f64x2.splat(scale));
    if (sizeof<T>() == 8) v128.store(to + c * 8, x);
    else v128.store64_lane(to + c * 4, f32x4.demote_f64x2_zero(x), 0);
  }
  if (c < count) store<T>(to + c * sizeof<T>(), <T>(scale * load<f64>(tree.entries + c * 8)));
}

/**
 * The new rows are u times the kept ones: columns low … middle − 1 from those of the left and both, the others from those of both and
 * the right. The deflated rows follow unchanged.
 */
function replaceRows<T>(
  tree: Tree,
  low: i32,
  middle: i32,
  high: i32,
  endOfLeft: i32,
  endOfBoth: i32,
  count: i32,
): void {
  const n = tree.n;
  const row = n * sizeof<T>();
  const leftBytes = (middle - low) * sizeof<T>();
  const rightBytes = (high - middle) * sizeof<T>();
  const lefts = tree.packed;
  let to = lefts;
  for (let c = 0; c < endOfBoth; c++) {
    copyRow<T>(leftBytes, tree.q + load<i32>(tree.groupedRow + c * 4) * row + low * sizeof<T>(), to);
    to += leftBytes;
  }
  const rights = to;
  for (let c = endOfLeft; c < count; c++) {
    copyRow<T>(rightBytes, tree.q + load<i32>(tree.groupedRow + c * 4) * row + middle * sizeof<T>(), to);
    to += rightBytes;
  }
  const finals = to;
  const deflated = high - low - count;
  for (let t = 0; t < deflated; t++) {
    const from = load<i32>(tree.deflatedRow + t * 4);
    copyRow<T>(leftBytes + rightBytes, tree.q + from * row + low * sizeof<T>(), to);
    store<f64>(tree.deflatedD + t * 8, load<f64>(tree.d + from * 8));
    to += leftBytes + rightBytes;
  }

  let q = tree.q + low * row + low * sizeof<T>();
  const u = tree.u;
  const uRight = u + endOfLeft * sizeof<T>();
  const wide = middle - low;
  gemm<T>(tree.pool, 0, count, wide, endOfBoth, 1, u, count, 1, lefts, wide, 1, 0, q, q, n, tree.scratch);
  const right = q + leftBytes;
  const rest = high - middle;
  const rightRows = count - endOfLeft;
  gemm<T>(tree.pool, 0, count, rest, rightRows, 1, uRight, count, 1, rights, rest, 1, 0, right, right, n, tree.scratch);
  for (let k = 0; k < count; k++) {
    store<f64>(tree.d + (low + k) * 8, load<f64>(tree.pole + k * 8) + load<f64>(tree.tau + k * 8));
  }
  q += count * row;
  for (let t = 0; t < deflated; t++) {
    copyRow<T>(leftBytes + rightBytes, finals + t * (leftBytes + rightBytes), q);
    store<f64>(tree.d + (low + count + t) * 8, load<f64>(tree.deflatedD + t * 8));
    q += row;
  }
}

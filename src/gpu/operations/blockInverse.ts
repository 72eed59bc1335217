import type { Launcher } from "../launcher.js";
import type { Program } from "../program.js";
import type { Resident } from "../resident.js";
import { slice } from "./movement.js";
import { productTile } from "./productTile.js";
import { PIVOT, steps } from "./steps.js";

/** Rows of a block: a block of 64 × 64 floats fills the 16 KiB of workgroup memory that every WebGPU device has. */
const BLOCK = 64;

/** A [n, n] in the leading corner of the identity [N, N]. */
const pad: Program = {
  name: "pad",
  rank: 2,
  parameters: { a: "array", n: "integer" },
  body: `
    let y = 0.5;
    y = 0;
    if (this.thread.x === this.thread.y) { y = 1; }
    if (this.thread.x < n) { if (this.thread.y < n) { y = a[this.thread.y * n + this.thread.x]; } }
    return y;`,
};

/** The diagonal block of a [n, n] whose first row is `first`. */
const block: Program = {
  name: "block",
  rank: 2,
  parameters: { a: "array", n: "integer", first: "integer" },
  body: "return a[(first + this.thread.y) * n + first + this.thread.x];",
};

/**
 * Step k of the inversion by Gauss–Jordan elimination, which needs no exchanges where A is positive definite: with d = 1/aₖₖ,
 *   aₖₖ ← d,  aₖⱼ ← d aₖⱼ,  aᵢₖ ← −d aᵢₖ,  aᵢⱼ ← aᵢⱼ − d aᵢₖ aₖⱼ
 */
export const eliminate: Program = {
  name: "eliminate",
  rank: 2,
  parameters: { a: "array", n: "integer", k: "integer" },
  body: `
    ${PIVOT}
    const row = a[k * n + this.thread.x] * d;
    const column = a[this.thread.y * n + k];
    let y = a[this.thread.y * n + this.thread.x] - column * row;
    if (this.thread.x === k) { y = -column * d; }
    if (this.thread.y === k) { y = row; if (this.thread.x === k) { y = d; } }
    return y;`,
};

/** `block` and the 64 steps of `eliminate` on it, in the workgroup memory of 256 threads: each has 16 rows of one column. */
const invertedBlock: Program = {
  ...block,
  name: "inverted-block",
  tile: {
    cells: [BLOCK, BLOCK, 1],
    wgsl: `
var<workgroup> s : array<f32, ${BLOCK * BLOCK}>;
@compute @workgroup_size(256, 1, 1)
fn main(@builtin(local_invocation_index) li : u32) {
  let n = u32(params.user_n);
  let first = u32(params.user_first);
  let column = li % ${BLOCK}u;
  let top = li / ${BLOCK}u;
  for (var r = top; r < ${BLOCK}u; r += 4u) { s[r * ${BLOCK}u + column] = user_a[(first + r) * n + first + column]; }
  for (var k = 0u; k < ${BLOCK}u; k++) {
    workgroupBarrier();
    let pivot = s[k * ${BLOCK}u + k];
    let d = select(sqrt(-1.0 - pivot * pivot), 1.0 / pivot, pivot > 0.0);
    let row = s[k * ${BLOCK}u + column] * d;
    var below : array<f32, 16>;
    for (var t = 0u; t < 16u; t++) { below[t] = s[(top + t * 4u) * ${BLOCK}u + k]; }
    workgroupBarrier();
    for (var t = 0u; t < 16u; t++) {
      let r = top + t * 4u;
      let at = r * ${BLOCK}u + column;
      var y = fma(-below[t], row, s[at]);
      if (column == k) { y = -below[t] * d; }
      if (r == k) { y = select(row, d, column == k); }
      s[at] = y;
    }
  }
  workgroupBarrier();
  for (var r = top; r < ${BLOCK}u; r += 4u) { result[r * ${BLOCK}u + column] = s[r * ${BLOCK}u + column]; }
}`,
  },
};

/** The block's row of the next matrix: P·A[block, ·], and P = A[block, block]⁻¹ itself in the block's columns. p [64, 64], a [n, n]. */
const rowPanel: Program = {
  name: "row-panel",
  rank: 2,
  parameters: { p: "array", a: "array", n: "integer", first: "integer" },
  body: `
    let y = 0.5;
    y = 0;
    for (let i = 0; i < ${BLOCK}; i++) { y = y + p[this.thread.y * ${BLOCK} + i] * a[(first + i) * n + this.thread.x]; }
    const inside = this.thread.x - first;
    if (inside >= 0) { if (inside < ${BLOCK}) { y = p[this.thread.y * ${BLOCK} + inside]; } }
    return y;`,
  tile: productTile({
    m: `${BLOCK}`,
    k: `${BLOCK}`,
    n: "params.user_n",
    a: (row, i) => `user_p[${row} * ${BLOCK}u + ${i}]`,
    b: (i, column) => `user_a[(u32(params.user_first) + ${i}) * u32(params.user_n) + ${column}]`,
    alongA: true,
    alongB: false,
    // The difference of unsigned numbers wraps round where the column is before the block.
    epilogue: `select(value, user_p[row * ${BLOCK}u + (column - u32(params.user_first)) % ${BLOCK}u], column - u32(params.user_first) < ${BLOCK}u)`,
  }),
};

/**
 * The next matrix: R in the block's rows, A − A[·, block]·R elsewhere, where A counts as 0 in the block's columns. a [n, n], r [64, n].
 */
const update: Program = {
  name: "rank-64-update",
  rank: 2,
  parameters: { a: "array", r: "array", n: "integer", first: "integer" },
  body: `
    let s = 0.5;
    s = 0;
    for (let i = 0; i < ${BLOCK}; i++) { s = s + a[this.thread.y * n + first + i] * r[i * n + this.thread.x]; }
    const column = this.thread.x - first;
    const row = this.thread.y - first;
    let y = a[this.thread.y * n + this.thread.x] - s;
    if (column >= 0) { if (column < ${BLOCK}) { y = -s; } }
    if (row >= 0) { if (row < ${BLOCK}) { y = r[row * n + this.thread.x]; } }
    return y;`,
  tile: productTile({
    m: "params.user_n",
    k: `${BLOCK}`,
    n: "params.user_n",
    a: (row, i) => `user_a[${row} * u32(params.user_n) + u32(params.user_first) + ${i}]`,
    b: (i, column) => `user_r[${i} * u32(params.user_n) + ${column}]`,
    alongA: true,
    alongB: false,
    epilogue: `select(
      select(user_a[row * u32(params.user_n) + column], 0.0, column - u32(params.user_first) < ${BLOCK}u) - value,
      user_r[(row - u32(params.user_first)) % ${BLOCK}u * u32(params.user_n) + column],
      row - u32(params.user_first) < ${BLOCK}u)`,
  }),
};

/**
 * A⁻¹ of a positive definite A [n, n] by Gauss–Jordan elimination in blocks of 64 rows: n/64 times a small inverse P, a panel R = P·A
 * and an update of rank 64, which does nearly all of the 2n³ flops as a product. a is freed.
 */
export function invertInBlocks(run: Launcher, a: Resident, n: number): Resident {
  const sharesMemory = run.device.mode === "webgpu";
  if (n <= BLOCK && !sharesMemory) return steps(run, eliminate, a, n);
  const size = Math.ceil(n / BLOCK) * BLOCK;
  let x = size === n ? a : run.consuming([a], () => run.launch(pad, [a, n], [size, size]));
  for (let first = 0; first < size; first += BLOCK) {
    const before = x;
    const p = sharesMemory
      ? run.launch(invertedBlock, [before, size, first], [BLOCK, BLOCK])
      : steps(run, eliminate, run.launch(block, [before, size, first], [BLOCK, BLOCK]), BLOCK);
    const r = run.consuming([p], () => run.launch(rowPanel, [p, before, size, first], [size, BLOCK]));
    x = run.consuming([before, r], () => run.launch(update, [before, r, size, first], [size, size]));
  }
  const whole = x;
  return size === n ? x : run.consuming([whole], () => slice(run, whole, [size, size], [0, 0], [n, n]));
}

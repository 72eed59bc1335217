import type { Tile } from "../program.js";

/** A product op(A)·op(B) of [m, k] and [k, n] in WGSL expressions. */
export interface TiledProduct {
  readonly m: string;
  readonly k: string;
  readonly n: string;
  /** The element of op(A) at `row` and `i`, and of op(B) at `i` and `column`; positions are inside the matrices. */
  readonly a: (row: string, i: string) => string;
  readonly b: (i: string, column: string) => string;
  /** Whether neighbours in memory have neighbouring i, rather than neighbouring rows or columns. */
  readonly alongA: boolean;
  readonly alongB: boolean;
  /** What stands in the output at `row` and `column`; the product there is `value`. */
  readonly epilogue?: string;
}

/** Rows and columns of a workgroup's tile of the output. */
const TILE = 64;
/** Threads along either side of a tile. */
const SIDE = 8;
/** How many i of A and B stand in workgroup memory at once: 2 · 16 · 64 floats are 8 KiB. */
const DEPTH = 16;
/** Vectors of four along either side of a thread's own tile. */
const VECTORS = TILE / SIDE / 4;

/**
 * 8 × 8 threads compute a tile of 64 × 64, each 8 × 8 of it in registers: 64 multiplications and additions for every four vectors of
 * four read from workgroup memory, and each element of A and B is read from global memory once for 64 uses. What lies outside the
 * matrices counts as 0. A thread fills whole vectors, since writes to parts of one may collide.
 */
export function productTile({ m, k, n, a, b, alongA, alongB, epilogue = "value" }: TiledProduct): Tile {
  const vectors = Array.from({ length: VECTORS }, (_, j) => j);
  const rows = Array.from({ length: 4 * VECTORS }, (_, j) => j);
  const each = <T>(list: readonly T[], f: (j: T) => string, separator = "\n      ") => list.map(f).join(separator);
  const sums = rows.flatMap((r) => vectors.map((c) => `sum${r}_${c}`));
  /** Vector li + 64 j of the part of an operand that goes to workgroup memory: which i it is of, and which four rows or columns. */
  const copies = (name: "A" | "B", along: boolean, origin: string) => {
    const [i, r] = along ? [`% ${DEPTH}u`, `/ ${DEPTH}u`] : [`/ ${TILE / 4}u`, `% ${TILE / 4}u`];
    const element = (q: number) => {
      const across = `${origin} + r * 4u + ${q}u`;
      return `element${name}(${name === "A" ? `${across}, i0 + i` : `i0 + i, ${across}`})`;
    };
    return `
    for (var at = li; at < ${(DEPTH * TILE) / 4}u; at += ${SIDE ** 2}u) {
      let i = at ${i};
      let r = at ${r};
      tile${name}[i * ${TILE / 4}u + r] = vec4<f32>(${[0, 1, 2, 3].map(element).join(", ")});
    }`;
  };
  return {
    cells: [TILE, TILE, 1],
    wgsl: `
var<workgroup> tileA : array<vec4<f32>, ${(DEPTH * TILE) / 4}>;
var<workgroup> tileB : array<vec4<f32>, ${(DEPTH * TILE) / 4}>;
// No branches: what a device reads outside an array is some element of it, and not used.
fn elementA(row : u32, i : u32) -> f32 {
  return select(0.0, ${a("row", "i")}, (row < u32(${m})) & (i < u32(${k})));
}
fn elementB(i : u32, column : u32) -> f32 {
  return select(0.0, ${b("i", "column")}, (i < u32(${k})) & (column < u32(${n})));
}
fn store(row : u32, column : u32, value : f32) {
  if ((row < u32(${m})) & (column < u32(${n}))) { result[row * u32(${n}) + column] = ${epilogue}; }
}
@compute @workgroup_size(${SIDE}, ${SIDE}, 1)
fn main(
  @builtin(workgroup_id) group : vec3<u32>,
  @builtin(local_invocation_id) thread : vec3<u32>,
  @builtin(local_invocation_index) li : u32
) {
  let row0 = group.y * ${TILE}u;
  let column0 = group.x * ${TILE}u;
  ${each(sums, (sum) => `var ${sum} = vec4<f32>();`)}
  for (var i0 = 0u; i0 < u32(${k}); i0 += ${DEPTH}u) {
    ${copies("A", alongA, "row0")}
    ${copies("B", alongB, "column0")}
    workgroupBarrier();
    for (var i = 0u; i < ${DEPTH}u; i++) {
      ${each(vectors, (j) => `let left${j} = tileA[i * ${TILE / 4}u + thread.y + ${j * SIDE}u];`)}
      ${each(vectors, (j) => `let right${j} = tileB[i * ${TILE / 4}u + thread.x + ${j * SIDE}u];`)}
      ${each(rows, (r) =>
        each(vectors, (c) => {
          const left = `vec4<f32>(left${Math.floor(r / 4)}[${r % 4}])`;
          return `sum${r}_${c} = fma(${left}, right${c}, sum${r}_${c});`;
        }),
      )}
    }
    workgroupBarrier();
  }
  let sums = array<vec4<f32>, ${sums.length}>(${sums.join(", ")});
  for (var j = 0u; j < ${4 * sums.length}u; j++) {
    let r = j / ${4 * VECTORS}u;
    let c = j % ${4 * VECTORS}u;
    let row = row0 + r / 4u * ${4 * SIDE}u + thread.y * 4u + r % 4u;
    let column = column0 + c / 4u * ${4 * SIDE}u + thread.x * 4u + c % 4u;
    store(row, column, sums[j / 4u][j % 4u]);
  }
}`,
  };
}

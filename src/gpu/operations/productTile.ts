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
/** How many i of A and B stand in workgroup memory at once: 2 · 16 · 64 floats are 8 KiB. */
const DEPTH = 16;

/**
 * 16 × 16 threads compute a tile of 64 × 64, each 4 × 4 of it in registers: 16 multiplications and additions for every two vectors of
 * four read from workgroup memory, and each element of A and B is read from global memory once for 64 uses. What lies outside the
 * matrices counts as 0. A thread fills whole vectors, since writes to parts of one may collide.
 */
export function productTile({ m, k, n, a, b, alongA, alongB, epilogue = "value" }: TiledProduct): Tile {
  const place = (along: boolean) =>
    along ? { i: `li % ${DEPTH}u`, first: `li / ${DEPTH}u * 4u` } : { i: `li / 16u`, first: `li % 16u * 4u` };
  const [inA, inB] = [place(alongA), place(alongB)];
  const four = (f: (j: number) => string) => [0, 1, 2, 3].map(f).join(" ");
  return {
    cells: [TILE, TILE, 1],
    wgsl: `
var<workgroup> tileA : array<vec4<f32>, ${(DEPTH * TILE) / 4}>;
var<workgroup> tileB : array<vec4<f32>, ${(DEPTH * TILE) / 4}>;
fn elementA(row : u32, i : u32) -> f32 {
  if (row < u32(${m}) && i < u32(${k})) { return ${a("row", "i")}; }
  return 0.0;
}
fn elementB(i : u32, column : u32) -> f32 {
  if (i < u32(${k}) && column < u32(${n})) { return ${b("i", "column")}; }
  return 0.0;
}
fn store(row : u32, column : u32, value : f32) {
  if (row < u32(${m}) && column < u32(${n})) { result[row * u32(${n}) + column] = ${epilogue}; }
}
fn storeFour(row : u32, column : u32, values : vec4<f32>) {
  ${four((j) => `store(row, column + ${j}u, values[${j}]);`)}
}
@compute @workgroup_size(16, 16, 1)
fn main(
  @builtin(workgroup_id) group : vec3<u32>,
  @builtin(local_invocation_id) thread : vec3<u32>,
  @builtin(local_invocation_index) li : u32
) {
  let row0 = group.y * ${TILE}u;
  let column0 = group.x * ${TILE}u;
  ${four((j) => `var sum${j} = vec4<f32>();`)}
  for (var i0 = 0u; i0 < u32(${k}); i0 += ${DEPTH}u) {
    {
      let i = ${inA.i};
      let r = ${inA.first};
      tileA[i * 16u + r / 4u] = vec4<f32>(${[0, 1, 2, 3].map((j) => `elementA(row0 + r + ${j}u, i0 + i)`).join(", ")});
    }
    {
      let i = ${inB.i};
      let c = ${inB.first};
      tileB[i * 16u + c / 4u] = vec4<f32>(${[0, 1, 2, 3].map((j) => `elementB(i0 + i, column0 + c + ${j}u)`).join(", ")});
    }
    workgroupBarrier();
    for (var i = 0u; i < ${DEPTH}u; i++) {
      let left = tileA[i * 16u + thread.y];
      let right = tileB[i * 16u + thread.x];
      ${four((j) => `sum${j} = fma(vec4<f32>(left[${j}]), right, sum${j});`)}
    }
    workgroupBarrier();
  }
  let row = row0 + thread.y * 4u;
  let column = column0 + thread.x * 4u;
  ${four((j) => `storeFour(row + ${j}u, column, sum${j});`)}
}`,
  };
}

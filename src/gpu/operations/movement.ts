import type { Shape } from "../../tensor/shape.js";
import { size } from "../../tensor/shape.js";
import type { Program } from "../program.js";
import type { Launcher, Resident } from "../resident.js";
import { collapse, positions, type Strides } from "../strides.js";

const constant: Program = {
  name: "fill",
  rank: 1,
  parameters: { value: "number" },
  body: "return value;",
};

export function fill(run: Launcher, length: number, value: number): Resident {
  return run.launch(constant, [value], [length]);
}

/** out[z, y, x] = a[offset + z·sz + y·sy + x·sx] */
const copy: Program = {
  name: "copy",
  rank: 3,
  parameters: { a: "array", offset: "integer", sz: "integer", sy: "integer", sx: "integer" },
  body: "return a[offset + this.thread.z * sz + this.thread.y * sy + this.thread.x * sx];",
};

/** The same where the output is a line. */
const copyLine: Program = {
  name: "copy-line",
  rank: 1,
  parameters: { a: "array", offset: "integer", sx: "integer" },
  body: "return a[offset + this.thread.x * sx];",
};

/** out[i] = a[indices[i]] */
const take: Program = {
  name: "take",
  rank: 1,
  parameters: { a: "array", indices: "array" },
  body: "return a[Math.round(indices[this.thread.x])];",
};

/** Elements of a in the order of a walk: what broadcasting, transposing and slicing are. */
export function walked(run: Launcher, a: Resident, shape: Shape, strides: Strides, offset = 0): Resident {
  const walk = collapse(shape, [strides]);
  const [sx = 0, sy = 0, sz = 0] = [...walk.strides[0]].reverse();
  const [x = 1, y = 1, z = 1] = [...walk.shape].reverse();
  if (walk.shape.length <= 1) return run.launch(copyLine, [a, offset, sx], [x]);
  if (walk.shape.length <= 3) return run.launch(copy, [a, offset, sz, sy, sx], [x, y, z]);
  const indices = run.upload(positions(shape, strides, offset));
  return run.consuming([indices], () => run.launch(take, [a, indices], [size(shape)]));
}

/** out[y, x] = x < p ? a[y, x] : b[y, x − p]; a [m, p], b [m, q] */
const join: Program = {
  name: "join",
  rank: 2,
  parameters: { a: "array", b: "array", p: "integer", q: "integer" },
  body: `
    if (this.thread.x < p) return a[this.thread.y * p + this.thread.x];
    return b[this.thread.y * q + this.thread.x - p];`,
};

/** Matrices [outer, widths[i]] side by side. */
export function joined(run: Launcher, parts: readonly Resident[], outer: number, widths: readonly number[]): Resident {
  let all = parts[0];
  let width = widths[0];
  for (let i = 1; i < parts.length; i++) {
    const left = all;
    const p = width;
    all = run.consuming(i > 1 ? [left] : [], () =>
      run.launch(join, [left, parts[i], p, widths[i]], [p + widths[i], outer]),
    );
    width += widths[i];
  }
  return parts.length === 1 ? walked(run, all, [outer * width], [1]) : all;
}

/** out[y, x] = a[indices[y], x]; a [m, width] */
const rows: Program = {
  name: "gather",
  rank: 2,
  parameters: { a: "array", indices: "array", width: "integer" },
  body: "return a[Math.round(indices[this.thread.y]) * width + this.thread.x];",
};

export function gathered(run: Launcher, a: Resident, indices: readonly number[], width: number): Resident {
  const list = run.upload(Float32Array.from(indices));
  return run.consuming([list], () => run.launch(rows, [a, list, width], [width, indices.length]));
}

import type { Shape } from "../../tensor/shape.js";
import { sourceOf, type Expression } from "../expression.js";
import { fitOneKernel, MOST_ARRAYS, type Launcher } from "../launcher.js";
import { programNamed, type Parameter, type Program } from "../program.js";
import type { Resident } from "../resident.js";
import { collapsed, rowMajor, stridesAlong, type Strides } from "../strides.js";

/** x of a shape, with axes of length 1 (and missing leading axes) stretched. */
export function broadcast(run: Launcher, x: Resident, shape: Shape, output: Shape): Resident {
  const missing = output.length - shape.length;
  return viewed(run, x, shape, output, (strides) =>
    output.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : strides[axis - missing])),
  );
}

/** Axis i of the result is axis axes[i] of x. */
export function permute(run: Launcher, x: Resident, shape: Shape, axes: readonly number[]): Resident {
  const output = axes.map((axis) => shape[axis]);
  return viewed(run, x, shape, output, (strides) => axes.map((axis) => strides[axis]));
}

/** The box of `output` in x that starts at `starts`. */
export function slice(run: Launcher, x: Resident, shape: Shape, starts: readonly number[], output: Shape): Resident {
  return viewed(run, x, shape, output, (strides) => strides, starts);
}

/** The same elements as an array of its own. */
export function same(run: Launcher, x: Resident): Resident {
  return viewed(run, x, [x.length], [x.length], (strides) => strides);
}

/** Elements of x in another order, by strides that are a function of its own: nothing is copied before a kernel needs it. */
function viewed(
  run: Launcher,
  x: Resident,
  shape: Shape,
  output: Shape,
  change: (strides: Strides) => Strides,
  starts: readonly number[] = shape.map(() => 0),
): Resident {
  const view = (of: Resident, strides: Strides, offset: number) => {
    const first = starts.reduce((total, start, axis) => total + start * strides[axis], offset);
    return run.view(of, collapsed(output, change(strides), first));
  };
  const { source } = x;
  if (source.kind === "constant") return run.fill(output, source.value);
  // A view of a view is one of the same array, where that has strides along the shape's axes.
  const own = source.kind === "view" ? stridesAlong(shape, source.walk) : undefined;
  if (source.kind === "view" && own !== undefined) return view(source.of, own, source.walk.offset);
  run.stored(x);
  return view(x, rowMajor(shape), 0);
}

/** Matrices [outer, widths[i]] side by side: as many at once as a kernel may read. */
export function joined(run: Launcher, parts: readonly Resident[], outer: number, widths: readonly number[]): Resident {
  if (parts.length === 1) return same(run, parts[0]);
  if (parts.length > MOST_ARRAYS) {
    const first = joined(run, parts.slice(0, MOST_ARRAYS), outer, widths.slice(0, MOST_ARRAYS));
    const rest = parts.slice(MOST_ARRAYS);
    const others = widths.slice(MOST_ARRAYS);
    return run.consuming([first], () => joined(run, [first, ...rest], outer, [first.length / outer, ...others]));
  }
  if (!fitOneKernel(parts)) for (const part of parts) if (part.source.kind === "deferred") run.stored(part);
  const fusions = parts.map((part, i) => run.along([outer, widths[i]], part));
  let end = 0;
  const args = fusions.flatMap((fusion, i) => [...fusion.args, (end += widths[i])]);
  return run.launch(joinProgram(fusions.map(({ expression }) => expression)), args, [end, outer]);
}

/** out[y, x] is an element of the part that column x lies in. */
function joinProgram(parts: readonly Expression[]): Program {
  return programNamed(`join of ${parts.map(({ name }) => name).join(", ")}`, (name) => {
    const parameters: Record<string, Parameter> = {};
    const cases = parts.map((part, i) => {
      const start = i === 0 ? "0" : `end${i - 1}`;
      const source = sourceOf(part, ["this.thread.y", `(this.thread.x - ${start})`], `part${i}v`);
      Object.assign(parameters, source.parameters, { [`end${i}`]: "integer" });
      return `
      if (this.thread.x >= ${start}) { if (this.thread.x < end${i}) { ${source.statements} found = ${source.value}; } }`;
    });
    return { name, rank: 2, parameters, body: `let found = 0.5; ${cases.join("")} return found;` };
  });
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

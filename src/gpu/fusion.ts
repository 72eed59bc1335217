import { sourceOf, type Expression } from "./expression.js";
import { programNamed, type Program } from "./program.js";
import { isResident, type Argument, type Resident } from "./resident.js";
import { commonAxes, isLine, line, stridesAlong, type Walk } from "./strides.js";

/** What a kernel computes from which arguments. */
export interface Fusion {
  readonly expression: Expression;
  readonly args: readonly Argument[];
}

/** Computes an array's elements. */
type Store = (x: Resident) => unknown;

/**
 * The launch that computes x, and all that is deferred of what x is computed from, in one kernel over a line, or over three axes. Where
 * arrays have no strides along as few, they are brought into x's order first.
 */
export function fused(x: Resident, store: Store): { program: Program; args: readonly Argument[]; output: number[] } {
  const leaves = leavesOf(x, store);
  const common = commonAxes(x.length, leaves.map(walkOf));
  const fits = common !== undefined && common.length <= 3;
  if (!fits) leaves.forEach(store);
  const axes = fits && common.length > 1 ? [1, ...common].slice(-3) : [x.length];
  const { expression, args } = fusion(axes, x);
  const coordinates = ["this.thread.z", "this.thread.y", "this.thread.x"].slice(-axes.length);
  const program = programNamed(`${expression.name}-${axes.length}`, (name) => {
    const { parameters, statements, value } = sourceOf(expression, coordinates);
    return { name, rank: axes.length === 1 ? 1 : 3, parameters, body: `${statements} return ${value};` };
  });
  return { program, args, output: axes.reverse() };
}

/** x as a function of the position along given axes. Where an array that it reads has no strides along these, x is computed first. */
export function alongAxes(axes: readonly number[], x: Resident, store: Store): Fusion {
  if (x.source.kind === "deferred" && x.source.compute.costly) store(x);
  const unaligned = (leaf: Resident) => stridesAlong(axes, walkOf(leaf)) === undefined;
  if (leavesOf(x, store).some(unaligned)) store(x);
  return fusion(axes, x);
}

/**
 * The arrays that a kernel for x reads. A transcendental function that others than x need is computed first, and once; what is cheaper
 * than a launch is computed wherever it is read.
 */
function leavesOf(x: Resident, store: Store): Resident[] {
  if (x.source.kind === "constant") return [];
  if (x.source.kind !== "deferred") return [x];
  return x.source.operands.filter(isResident).flatMap((operand) => {
    if (operand.source.kind === "deferred" && operand.source.compute.costly && operand.holders > 1) store(operand);
    return leavesOf(operand, store);
  });
}

/**
 * An operand that occurs twice is read twice, as two arrays: where compilers see that they are one, x − x is 0 to them, also where x
 * is NaN.
 */
function fusion(axes: readonly number[], x: Resident): Fusion {
  const args: Argument[] = [];
  const visit = (part: Argument): Expression => {
    if (!isResident(part)) {
      args.push(part);
      return { kind: "number", name: "number" };
    }
    const { source } = part;
    if (source.kind === "constant") return visit(source.value);
    if (source.kind === "deferred") {
      const operands = source.operands.map(visit);
      const name = `${source.compute.name}(${operands.map((operand) => operand.name).join(", ")})`;
      return { kind: "function", name, compute: source.compute, operands };
    }
    const walk = walkOf(part);
    args.push(source.kind === "view" ? source.of : part);
    if (axes.length === 1 && isLine(walk)) return { kind: "line", name: "array" };
    args.push(walk.offset, ...(stridesAlong(axes, walk) ?? []));
    return { kind: "walk", name: "view" };
  };
  const expression = visit(x);
  return { expression, args: [...args, 0] };
}

function walkOf({ source, length }: Resident): Walk {
  return source.kind === "view" ? source.walk : line(length);
}

import type { Shape } from "../../tensor/shape.js";

/** A matrix of a result, and where it comes from: for each operand its first element, and its steps along rows and columns. */
export interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly starts: readonly number[];
  readonly rowSteps: readonly number[];
  readonly columnSteps: readonly number[];
}

/** Neighbouring axes that every operand walks through as if they were one. */
interface Axis {
  readonly length: number;
  readonly steps: readonly number[];
}

const point = (operands: number): Axis => ({ length: 1, steps: new Array<number>(operands).fill(0) });

/**
 * The matrices, as few as possible and one after the other, of which a result consists whose elements are found by steps: in
 * operand o, steps[o][axis] elements lie between neighbours along that axis. The result is not empty.
 */
export function planes(shape: Shape, steps: readonly (readonly number[])[]): Plane[] {
  const axes = joinedAxes(shape, steps);
  const column = axes.pop() ?? point(steps.length);
  const row = axes.pop() ?? point(steps.length);
  const starts = axes.reduce<readonly number[][]>(
    (found, axis) =>
      found.flatMap((start) =>
        Array.from({ length: axis.length }, (_, i) => start.map((at, operand) => at + i * axis.steps[operand])),
      ),
    [steps.map(() => 0)],
  );
  return starts.map((start) => ({
    rows: row.length,
    columns: column.length,
    starts: start,
    rowSteps: row.steps,
    columnSteps: column.steps,
  }));
}

function joinedAxes(shape: Shape, steps: readonly (readonly number[])[]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const own = steps.map((step) => step[axis]);
    const outer = axes.at(-1);
    if (outer?.steps.every((step, operand) => step === length * own[operand]))
      axes.splice(-1, 1, { length: outer.length * length, steps: own });
    else axes.push({ length, steps: own });
  });
  return axes;
}

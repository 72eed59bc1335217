import { nameOf } from "../contender.js";
import { chartFigure } from "./chartFigure.js";
import type { Curve } from "./chart.js";
import { figure } from "./figure.js";
import { html, type Html } from "./html.js";
import { table } from "./table.js";
import type { Run, Setting, TraceStep } from "./trace.js";

export type Axis = "iteration" | "seconds";

export type Quantity = Exclude<keyof TraceStep, "iteration" | "seconds" | "events">;

/** A quantity to draw of every run that has it. */
export interface Series {
  readonly quantity: Quantity;
  readonly style: Curve["style"];
}

/** A chart of every run by iteration or by seconds. */
export function runsFigure(
  runs: readonly Run[],
  axis: Axis,
  series: readonly Series[],
  { y, caption, logX = false }: { readonly y: string; readonly caption: string; readonly logX?: boolean },
): Promise<Html> {
  const curves = runs.flatMap(({ optimizer, steps }) =>
    series.map(({ quantity, style }) => ({
      name: nameOf(optimizer),
      style,
      points: points(steps, axis, quantity),
    })),
  );
  return chartFigure(curves, { x: axis === "seconds" ? "seconds of training" : "iteration", y, caption, logX });
}

/** The damping, α and μ of every run that has them, with a heading each. */
export async function decisionsOf(runs: readonly Run[]): Promise<Html[]> {
  const damped = runs.filter(({ steps }) => steps.some(({ lambda }) => lambda !== undefined));
  return Promise.all(
    damped.map(
      async (run) =>
        html`<h2>What ${nameOf(run.optimizer)} decided</h2>
          ${await decisions(run)}`,
    ),
  );
}

async function decisions({ steps }: Run): Promise<Html> {
  const curve = (name: string, quantity: Quantity) => ({
    name,
    style: "line" as const,
    points: points(steps, "iteration", quantity),
  });
  const damping = await chartFigure([curve("λ", "lambda"), curve("γ", "gamma")], {
    x: "iteration",
    y: "damping",
    caption: "The damping λ of the quadratic model and γ of the factors.",
  });
  const step = await chartFigure([curve("α", "alpha"), curve("μ", "mu")], {
    x: "iteration",
    y: "coefficient",
    caption: "The step δ = αΔ + μδ₀: how much of the proposal, and how much of the last step.",
  });
  return html`${damping}${step}`;
}

function points(steps: readonly TraceStep[], axis: Axis, quantity: Quantity): Curve["points"] {
  return steps.flatMap((step) => {
    const y = step[quantity];
    return y !== undefined && Number.isFinite(y) ? [{ x: step[axis], y }] : [];
  });
}

/** A quantity in the table of final figures. */
export interface Column {
  readonly head: string;
  readonly quantity: Quantity;
}

/** Of each run: how far it went, how long it took, and where it ended. A column that no run has is left out. */
export function finalFigures(runs: readonly Run[], columns: readonly Column[], caption: string): Html {
  const shown = columns.filter(
    ({ quantity }, i) => i === 0 || runs.some(({ steps }) => steps.some((step) => step[quantity] !== undefined)),
  );
  const rows = runs.map(({ optimizer, steps }) => {
    const last = steps.at(-1);
    const evaluated = shown.map(({ quantity }) => {
      const step = steps.findLast((candidate) => candidate[quantity] !== undefined);
      return step && `${figure(step[quantity] ?? NaN)} (${step.iteration})`;
    });
    const course = last && [last.iteration, figure(last.seconds), figure((1000 * last.seconds) / last.iteration)];
    return [
      nameOf(optimizer),
      ...(course ?? [undefined, undefined, undefined]),
      last && figure(last.loss),
      ...evaluated,
    ];
  });
  return table({
    caption,
    head: ["optimizer", "iterations", "seconds", "ms an iteration", "minibatch loss", ...shown.map(({ head }) => head)],
    rows,
    numbers: true,
  });
}

/** A row a setting, a column an optimizer. */
export function settingsTable(runs: readonly Run[]): Html {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.settings)))];
  const shown = (value: Setting | undefined) => (value === undefined ? undefined : String(value).replaceAll(",", ", "));
  return table({
    caption: "A dash stands for a setting that an optimizer does not have.",
    head: ["setting", ...runs.map(({ optimizer }) => nameOf(optimizer))],
    rows: keys.map((key) => [key, ...runs.map((run) => shown(run.settings[key]))]),
  });
}

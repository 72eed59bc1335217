import { chartFigure } from "./chartFigure.js";
import type { Curve } from "./chart.js";
import { figure } from "./figure.js";
import { html, type Html } from "./html.js";
import { page, writePage } from "./page.js";
import { table } from "./table.js";
import { strip } from "./picture.js";
import type { Run, Setting, TraceStep } from "./trace.js";

export interface Report {
  readonly title: string;
  /** A sentence or two under the title: the network, the data. */
  readonly summary: string;
  readonly runs: readonly Run[];
  readonly pictures: Pictures;
}

/** Images and what each optimizer's network makes of them. Every array is [n, width · height]. */
export interface Pictures {
  readonly width: number;
  readonly height: number;
  readonly originals: Float32Array;
  readonly reconstructions: readonly { readonly optimizer: string; readonly images: Float32Array }[];
}

/** Writes `report.html`, one file that needs no network and runs no script. Returns its path. */
export async function writeReport(directory: string, report: Report): Promise<string> {
  return writePage(directory, await renderReport(report));
}

/** What an optimizer is called in the report. */
export function nameOf(optimizer: string): string {
  return { kfac: "K-FAC", adam: "Adam", sgd: "SGD with Nesterov momentum" }[optimizer] ?? optimizer;
}

export async function renderReport({ title, summary, runs, pictures }: Report): Promise<string> {
  const kfac = runs.find(({ steps }) => steps.some(({ lambda }) => lambda !== undefined));
  return page({
    title,
    summary,
    body: [
      html`<h2>Training loss</h2>`,
      await lossFigure(runs, "iteration", "iteration", "by iteration"),
      await lossFigure(runs, "seconds", "seconds of training", "by seconds of training"),
      await squaredErrorFigure(runs),
      html`<h2>Final figures</h2>`,
      finalFigures(runs),
      html`<h2>Reconstructions</h2>`,
      reconstructions(pictures),
      ...(kfac ? [html`<h2>What ${nameOf(kfac.optimizer)} decided</h2>`, await decisions(kfac)] : []),
      html`<h2>Settings</h2>`,
      settings(runs),
    ],
  });
}

type Axis = "iteration" | "seconds";

async function lossFigure(runs: readonly Run[], axis: Axis, title: string, by: string): Promise<Html> {
  const curves = runs.flatMap(({ optimizer, steps }) => [
    { name: nameOf(optimizer), style: "faint" as const, points: points(steps, axis, "loss") },
    { name: nameOf(optimizer), style: "marked" as const, points: points(steps, axis, "trainingLoss") },
  ]);
  return chartFigure(curves, {
    x: title,
    y: "cross-entropy of an image",
    caption: `Cross-entropy ${by}. Marked: the whole training set. Thin: each iteration's minibatch.`,
  });
}

async function squaredErrorFigure(runs: readonly Run[]): Promise<Html> {
  const curves = runs.map(({ optimizer, steps }) => ({
    name: nameOf(optimizer),
    style: "marked" as const,
    points: points(steps, "iteration", "squaredError"),
  }));
  return chartFigure(curves, {
    x: "iteration",
    y: "squared error of an image",
    caption: "Squared error of the reconstruction, summed over the pixels of an image, mean of the whole training set.",
  });
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

type Quantity = Exclude<keyof TraceStep, "iteration" | "seconds" | "events">;

function points(steps: readonly TraceStep[], axis: Axis, quantity: Quantity): Curve["points"] {
  return steps.flatMap((step) => {
    const y = step[quantity];
    return y !== undefined && Number.isFinite(y) ? [{ x: step[axis], y }] : [];
  });
}

/** Of each run: how far it went, how long it took, and where it ended. */
function finalFigures(runs: readonly Run[]): Html {
  const rows = runs.map(({ optimizer, steps }) => {
    const last = steps.at(-1);
    const evaluated = steps.findLast(({ trainingLoss }) => trainingLoss !== undefined);
    const cells = [
      last?.iteration,
      last && figure(last.seconds),
      last && figure((1000 * last.seconds) / last.iteration),
      last && figure(last.loss),
      evaluated?.trainingLoss !== undefined && `${figure(evaluated.trainingLoss)} (${evaluated.iteration})`,
      evaluated?.squaredError !== undefined && `${figure(evaluated.squaredError)} (${evaluated.iteration})`,
    ];
    return [nameOf(optimizer), ...cells.map((cell) => (cell === false ? undefined : cell))];
  });
  return table({
    caption:
      "Where each optimizer ended. In brackets, the iteration at which the whole training set was last evaluated.",
    head: ["optimizer", "iterations", "seconds", "ms an iteration", "minibatch loss", "training loss", "squared error"],
    rows,
    numbers: true,
  });
}

function reconstructions({ width, height, originals, reconstructions: made }: Pictures): Html {
  const count = originals.length / (width * height);
  const row = (name: string, alt: string, images: Float32Array) =>
    html`<tr>
      <th scope="row">${name}</th>
      <td><img src="${strip(images, width, height)}" alt="${alt}" /></td>
    </tr>`;
  return html`<div class="wide">
    <table class="pictures">
      <caption>
        Images of the training set, and what each network makes of them through its code.
      </caption>
      <tbody>
        ${row("original", `${count} images of the training set`, originals)}
        ${made.map(({ optimizer, images }) =>
          row(
            nameOf(optimizer),
            `the same ${count} images as reconstructed by the network trained with ${nameOf(optimizer)}`,
            images,
          ),
        )}
      </tbody>
    </table>
  </div>`;
}

/** A row a setting, a column an optimizer. */
function settings(runs: readonly Run[]): Html {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.settings)))];
  const shown = (value: Setting | undefined) => (value === undefined ? undefined : String(value).replaceAll(",", ", "));
  return table({
    caption: "A dash stands for a setting that an optimizer does not have.",
    head: ["setting", ...runs.map(({ optimizer }) => nameOf(optimizer))],
    rows: keys.map((key) => [key, ...runs.map((run) => shown(run.settings[key]))]),
  });
}

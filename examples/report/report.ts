import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chart, type Curve } from "./chart.js";
import { figure } from "./figure.js";
import { html, Html } from "./html.js";
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
  const page = await renderReport(report);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, "report.html");
  writeFileSync(file, page);
  return file;
}

/** What an optimizer is called in the report. */
export function nameOf(optimizer: string): string {
  return { kfac: "K-FAC", adam: "Adam", sgd: "SGD with Nesterov momentum" }[optimizer] ?? optimizer;
}

export async function renderReport({ title, summary, runs, pictures }: Report): Promise<string> {
  const kfac = runs.find(({ steps }) => steps.some(({ lambda }) => lambda !== undefined));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>${summary}</p>
          <h2>Training loss</h2>
          ${await lossFigure(runs, "iteration", "iteration", "by iteration")}
          ${await lossFigure(runs, "seconds", "seconds of training", "by seconds of training")}
          ${await squaredErrorFigure(runs)}
          <h2>Final figures</h2>
          ${finalFigures(runs)}
          <h2>Reconstructions</h2>
          ${reconstructions(pictures)}
          ${
            kfac
              ? html`<h2>What ${nameOf(kfac.optimizer)} decided</h2>
                  ${await decisions(kfac)}`
              : ""
          }
          <h2>Settings</h2>
          ${settings(runs)}
        </main>
      </body>
    </html> `;
  return page.text;
}

const STYLE = new Html(`
      :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
      body { margin: 0; }
      main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
      h1 { line-height: 1.2; }
      h2 { margin-top: 2.5rem; }
      figure { margin: 1.5rem 0; }
      figcaption, caption { text-align: left; opacity: 0.8; font-size: 0.9rem; }
      figure svg { display: block; max-width: 100%; height: auto; }
      .wide { overflow-x: auto; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
      caption { padding-bottom: 0.5rem; }
      th, td { padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); vertical-align: top; }
      thead th, tbody th { text-align: left; font-weight: 600; }
      .numbers td, .numbers thead th:not(:first-child) { text-align: right; }
      .pictures td { padding-right: 0; }
      .pictures img { display: block; width: 100%; min-width: 20rem; image-rendering: pixelated; }
    `);

type Axis = "iteration" | "seconds";

async function lossFigure(runs: readonly Run[], axis: Axis, title: string, by: string): Promise<Html> {
  const curves = runs.flatMap(({ optimizer, steps }) => [
    { name: nameOf(optimizer), style: "faint" as const, points: points(steps, axis, "loss") },
    { name: nameOf(optimizer), style: "marked" as const, points: points(steps, axis, "trainingLoss") },
  ]);
  return figureOf(curves, {
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
  return figureOf(curves, {
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
  const damping = await figureOf([curve("λ", "lambda"), curve("γ", "gamma")], {
    x: "iteration",
    y: "damping",
    caption: "The damping λ of the quadratic model and γ of the factors.",
  });
  const step = await figureOf([curve("α", "alpha"), curve("μ", "mu")], {
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

/** Nothing where there is nothing to draw. */
async function figureOf(
  curves: readonly Curve[],
  { x, y, caption }: { x: string; y: string; caption: string },
): Promise<Html> {
  const drawn = curves.filter((curve) => curve.points.length > 0);
  if (drawn.length === 0) return html``;
  const svg = await chart(drawn, { x, y, description: caption });
  return html`<figure>
    <div class="wide" role="img" aria-label="${caption}">${svg}</div>
    <figcaption>${caption}</figcaption>
  </figure>`;
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
    return html`<tr>
      <th scope="row">${nameOf(optimizer)}</th>
      ${cells.map((cell) => html`<td>${cell === undefined || cell === false ? "–" : cell}</td>`)}
    </tr>`;
  });
  const heads = ["iterations", "seconds", "ms an iteration", "minibatch loss", "training loss", "squared error"];
  return html`<div class="wide">
    <table class="numbers">
      <caption>
        Where each optimizer ended. In brackets, the iteration at which the whole training set was last evaluated.
      </caption>
      <thead>
        <tr>
          <th scope="col">optimizer</th>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
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
  const cell = (value: Setting | undefined) =>
    html`<td>${value === undefined ? "–" : String(value).replaceAll(",", ", ")}</td>`;
  return html`<div class="wide">
    <table>
      <caption>
        A dash stands for a setting that an optimizer does not have.
      </caption>
      <thead>
        <tr>
          <th scope="col">setting</th>
          ${runs.map(({ optimizer }) => html`<th scope="col">${nameOf(optimizer)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${keys.map(
          (key) =>
            html`<tr>
              <th scope="row">${key}</th>
              ${runs.map((run) => cell(run.settings[key]))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

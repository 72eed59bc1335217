import { nameOf } from "../contender.js";
import { html, type Html } from "./html.js";
import { page, writePage } from "./page.js";
import { strip } from "./picture.js";
import { decisionsOf, finalFigures, runsFigure, settingsTable, type Axis } from "./runs.js";
import type { Run } from "./trace.js";

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

export async function renderReport({ title, summary, runs, pictures }: Report): Promise<string> {
  return page({
    title,
    summary,
    body: [
      html`<h2>Training loss</h2>`,
      await lossFigure(runs, "iteration"),
      await lossFigure(runs, "seconds"),
      await squaredErrorFigure(runs),
      html`<h2>Final figures</h2>`,
      finalFigures(
        runs,
        [
          { head: "training loss", quantity: "trainingLoss" },
          { head: "squared error", quantity: "squaredError" },
          { head: "training loss at θ̄", quantity: "averagedTrainingLoss" },
          { head: "squared error at θ̄", quantity: "averagedSquaredError" },
        ],
        "Where each optimizer ended. In brackets, the iteration at which the whole training set was last evaluated.",
      ),
      html`<h2>Reconstructions</h2>`,
      reconstructions(pictures),
      ...(await decisionsOf(runs)),
      html`<h2>Settings</h2>`,
      settingsTable(runs),
    ],
  });
}

function lossFigure(runs: readonly Run[], axis: Axis): Promise<Html> {
  const by = axis === "seconds" ? "by seconds of training" : "by iteration";
  return runsFigure(
    runs,
    axis,
    [
      { quantity: "loss", style: "faint" },
      { quantity: "trainingLoss", style: "marked" },
      { quantity: "averagedTrainingLoss", style: "dashed" },
    ],
    {
      y: "cross-entropy of an image",
      caption: `Cross-entropy ${by}. Marked: the whole training set. Thin: each iteration's minibatch.${aboutAverages(runs)}`,
    },
  );
}

function squaredErrorFigure(runs: readonly Run[]): Promise<Html> {
  return runsFigure(
    runs,
    "iteration",
    [
      { quantity: "squaredError", style: "marked" },
      { quantity: "averagedSquaredError", style: "dashed" },
    ],
    {
      y: "squared error of an image",
      caption: `Squared error of the reconstruction, summed over the pixels of an image, mean of the whole training set.${aboutAverages(runs)}`,
    },
  );
}

function aboutAverages(runs: readonly Run[]): string {
  const averages = runs.some(({ steps }) => steps.some((step) => step.averagedTrainingLoss !== undefined));
  return averages ? " Dashed: the whole training set at the averaged weights θ̄ (§13)." : "";
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

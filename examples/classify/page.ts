import { nameOf } from "../contender.js";
import type { Split } from "../data/load.js";
import { figure } from "../report/figure.js";
import { html, type Html } from "../report/html.js";
import { page } from "../report/page.js";
import { decisionsOf, finalFigures, runsFigure, settingsTable, type Axis } from "../report/runs.js";
import { table } from "../report/table.js";
import type { Run, TraceStep } from "../report/trace.js";
import type { Options } from "./options.js";
import type { Comparison } from "./run.js";
import { EVALUATED } from "./train.js";

export interface Findings {
  readonly options: Options;
  readonly split: Split;
  readonly comparisons: readonly Comparison[];
  readonly notes: readonly string[];
}

export async function renderClassify({ options, split, comparisons, notes }: Findings): Promise<string> {
  const { training, heldOut } = split;
  const { batch, seed, equal, iterations } = options;
  const summary = [
    `Networks of tanh units with a softmax learn the classes of ${training.count.toLocaleString("en")} images (${training.name}); ${heldOut.count.toLocaleString("en")} others are held out.`,
    `Every optimizer starts from the same weights and sees the same minibatches of ${Math.min(batch, training.count).toLocaleString("en")} (seed ${seed}).`,
    equal === "seconds"
      ? `K-FAC and the natural gradient train for ${iterations} iterations, Adam and SGD for as many seconds as the slower K-FAC.`
      : `All train for ${iterations} iterations.`,
    ...notes,
  ].join(" ");
  return page({
    title: "Classifying images",
    summary,
    body: (await Promise.all(comparisons.map(comparisonSection))).flat(),
  });
}

async function comparisonSection({ network, widths, runs }: Comparison): Promise<Html[]> {
  const what =
    network === "small"
      ? "a network small enough for the exact Fisher as one matrix, on the images averaged down to 8 × 8 pixels"
      : "the images as they are";
  return [
    html`<h2>${widths.join("-")}: ${what}</h2>`,
    finalFigures(
      runs,
      [
        { head: "training loss", quantity: "trainingLoss" },
        { head: "held-out loss", quantity: "heldOutLoss" },
        { head: "held-out error", quantity: "heldOutError" },
        { head: "held-out error at θ̄", quantity: "averagedHeldOutError" },
      ],
      "Where each optimizer ended. In brackets, the iteration of the last evaluation. Errors are shares of the held-out images.",
    ),
    equalTable(runs),
    await lossFigure(runs, "iteration"),
    await lossFigure(runs, "seconds"),
    await errorFigure(runs, "iteration"),
    await errorFigure(runs, "seconds"),
    ...(await decisionsOf(runs)),
    html`<h2>Settings of ${widths.join("-")}</h2>`,
    settingsTable(runs),
  ];
}

/** Every run where the shortest in iterations ended, and where the shortest in seconds did. */
function equalTable(runs: readonly Run[]): Html {
  const ends = runs.flatMap(({ steps }) => steps.at(-1) ?? []);
  const iterations = Math.min(...ends.map(({ iteration }) => iteration));
  const seconds = Math.min(...ends.map((step) => step.seconds));
  const cell = (found: TraceStep | undefined) =>
    found?.trainingLoss !== undefined && found.heldOutError !== undefined
      ? `${figure(found.trainingLoss)}, ${(100 * found.heldOutError).toFixed(2)} % (${found.iteration})`
      : undefined;
  const isEvaluated = ({ heldOutError }: TraceStep) => heldOutError !== undefined;
  return table({
    caption:
      "Training loss and held-out error at equal iterations and at equal seconds: at the last evaluation until then, its iteration in brackets.",
    head: ["optimizer", `after ${iterations} iterations`, `after ${figure(seconds)} seconds`],
    rows: runs.map(({ optimizer, steps }) => [
      nameOf(optimizer),
      cell(steps.findLast((step) => isEvaluated(step) && step.iteration <= iterations)),
      cell(steps.findLast((step) => isEvaluated(step) && step.seconds <= seconds)),
    ]),
    numbers: true,
  });
}

function lossFigure(runs: readonly Run[], axis: Axis): Promise<Html> {
  return runsFigure(runs, axis, [{ quantity: "trainingLoss", style: "marked" }], {
    y: "training loss",
    logX: axis === "seconds",
    caption: `Training loss ${by(axis)}: the mean cross-entropy of the first ${EVALUATED.toLocaleString("en")} training images, or of all where there are fewer.`,
  });
}

function errorFigure(runs: readonly Run[], axis: Axis): Promise<Html> {
  return runsFigure(
    runs,
    axis,
    [
      { quantity: "heldOutError", style: "marked" },
      { quantity: "averagedHeldOutError", style: "dashed" },
    ],
    {
      y: "held-out error",
      logX: axis === "seconds",
      caption: `The share of held-out images that are classified wrongly, ${by(axis)}. Dashed: at the averaged weights θ̄ of K-FAC (§13).`,
    },
  );
}

const by = (axis: Axis): string => (axis === "seconds" ? "by seconds of training" : "by iteration");

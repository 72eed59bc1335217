import { backendFor } from "../backend.js";
import { compare } from "../compare.js";
import { nameOf } from "../contender.js";
import { downscale } from "../data/downscale.js";
import { loadSplit, type Split } from "../data/load.js";
import { makeDirectory, writeNumbers, writePage } from "../report/page.js";
import type { Run } from "../report/trace.js";
import { UsageError } from "../usage-error.js";
import { parseOptions, type NetworkName, type Options } from "./options.js";
import { renderClassify } from "./page.js";
import { CLASSES, contendersFor, train, type Task } from "./train.js";

interface Surroundings {
  /** Ends the training after the iteration it is in; the report is of what was done. */
  readonly signal: AbortSignal;
  readonly write: (text: string) => unknown;
}

/** The runs of one network. */
export interface Comparison {
  readonly network: NetworkName;
  readonly widths: readonly number[];
  readonly runs: readonly Run[];
}

/** Width and height of the images of the small network. */
const SMALL_SIDE = 8;

/** F of so many parameters is a matrix of 128 MB, and a step with it takes seconds. */
const MOST_PARAMETERS = 4000;

/**
 * The whole comparison: flags to report.html and classify.json.
 *
 * @returns whether every optimizer trained to its end
 * @throws UsageError one line about a flag, a file or a directory
 */
export async function run(argv: readonly string[], { signal, write }: Surroundings): Promise<boolean> {
  const options = parseOptions(argv);
  if ("help" in options) {
    write(options.help);
    return true;
  }
  const { networks, out, data } = options;
  makeDirectory(out);
  const split = loadSplit({ directory: data });
  const backend = await backendFor(options);

  const comparisons: Comparison[] = [];
  const notes: string[] = [];
  const tasks = networks.map((network) => ({ network, ...taskOf(network, split, options) })); // refusals come before training
  for (const { network, ...own } of tasks) {
    const task: Task = { ...own, options, backend, signal };
    const contenders = contendersFor(options, { natural: network === "small" });
    const { iterations, equal } = options;
    const goals = { iterations, ...(equal === "iterations" && { baselineIterations: iterations }) };
    const results = await compare(contenders, goals, signal, (contender, goal) =>
      train(contender, contender.family === "natural" ? { iterations } : goal, task),
    );
    const { width, height } = task.split.training;
    comparisons.push({
      network,
      widths: [width * height, ...task.hidden, CLASSES],
      runs: results.map(({ run }) => run),
    });
    for (const { run } of results) {
      write(`${network} network, ${nameOf(run.optimizer)}: ${lastOf(run)}\n`);
      if (run.ended !== undefined)
        notes.push(`${nameOf(run.optimizer)} ended after iteration ${run.steps.length}: ${run.ended}.`);
    }
  }
  if (signal.aborted) notes.push("Interrupted.");
  for (const note of notes) write(`${note}\n`);

  const numbers = writeNumbers(out, "classify.json", { settings: options, comparisons });
  const report = writePage(out, await renderClassify({ options, split, comparisons, notes }));
  write(`${report} and ${numbers} are written\n`);
  return notes.length === 0;
}

/** @throws UsageError where the small network is too large for the natural gradient */
function taskOf(network: NetworkName, split: Split, { layers, smallLayers, optimizers }: Options) {
  if (network === "large") return { split, hidden: layers };
  const side = (images: number) => Math.min(SMALL_SIDE, images);
  const { width, height } = split.training;
  const small = {
    training: downscale(split.training, side(width), side(height)),
    heldOut: downscale(split.heldOut, side(width), side(height)),
  };
  const widths = [side(width) * side(height), ...smallLayers, CLASSES];
  const parameters = widths.slice(1).reduce((sum, width, i) => sum + width * (widths[i] + 1), 0);
  if (optimizers.includes("natural") && parameters > MOST_PARAMETERS)
    throw new UsageError(
      `--small-layers ${smallLayers.join(",")}: ${parameters} parameters are too many for the natural gradient, which takes F as a matrix; give widths with at most ${MOST_PARAMETERS}, or leave natural out of --optimizers`,
    );
  return { split: small, hidden: smallLayers };
}

/** Where a run ended, in words. */
function lastOf({ steps }: Run): string {
  const last = steps.findLast(({ heldOutError }) => heldOutError !== undefined);
  if (last?.heldOutError === undefined || last.trainingLoss === undefined) return "not evaluated";
  const average =
    last.averagedHeldOutError === undefined
      ? ""
      : `, ${(100 * last.averagedHeldOutError).toFixed(2)} % with averaged weights`;
  return `${last.iteration} iterations, ${last.seconds.toFixed(1)} s, training loss ${last.trainingLoss.toPrecision(3)}, held-out error ${(100 * last.heldOutError).toFixed(2)} %${average}`;
}

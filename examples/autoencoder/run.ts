import { oneOfEachClass, select, type Images } from "../data/images.js";
import { loadImages } from "../data/load.js";
import { compare } from "../compare.js";
import { nameOf } from "../contender.js";
import { writeReport, type Report } from "../report/report.js";
import { makeDirectory } from "../report/page.js";
import { writeTrace } from "../report/trace.js";
import { widthsOf } from "./autoencoder.js";
import { backendFor } from "../backend.js";
import { parseOptions } from "./options.js";
import { settingsFor, type Settings } from "./settings.js";
import { train, type Task, type Trained } from "./train.js";

interface Surroundings {
  /** Ends the training after the iteration it is in; the report is of what was done. */
  readonly signal: AbortSignal;
  readonly write: (text: string) => unknown;
}

/**
 * The whole job: flags to report.html and trace.json.
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
  const { quiet, out } = options;
  const images = loadImages({ directory: options.data });
  const settings = settingsFor(options, images, await backendFor(options));
  makeDirectory(out);
  const { contenders } = settings;
  const task: Task = { images, settings, quiet, signal };
  const results = await compare(contenders, settings, signal, (contender, goal) => train(contender, goal, task));

  const notes = notesOn(results, contenders.length, signal.aborted);
  for (const note of notes) write(`${note}\n`);
  const trace = writeTrace(
    out,
    results.map(({ run }) => run),
  );
  const report = await writeReport(out, reportOf(results, images, settings, notes));
  write(`${report} and ${trace} are written\n`);
  return notes.length === 0;
}

/** What did not go to its end, and why. */
function notesOn(results: readonly Trained[], asked: number, interrupted: boolean): string[] {
  const failures = results.flatMap(({ run: { optimizer, steps, ended } }) =>
    ended === undefined ? [] : [`${nameOf(optimizer)} ended after iteration ${steps.length}: ${ended}.`],
  );
  const begun = results.length < asked ? `, with ${results.length} of ${asked} optimizers begun` : "";
  return interrupted ? [...failures, `Interrupted${begun}.`] : failures;
}

function reportOf(
  results: readonly Trained[],
  images: Images,
  { layers, batch, schedule, seed, contenders }: Settings,
  notes: readonly string[],
): Report {
  const { width, height, count, name } = images;
  const widths = widthsOf(width * height, layers).join("-");
  const summary = [
    `The network ${widths} of tanh units, its code and output linear, learns to reproduce ${count} images: ${name}.`,
    `Every optimizer starts from the same weights and sees the same minibatches of ${batch} (seed ${seed}).`,
    ...(schedule !== undefined && contenders.some(({ family }) => family === "kfac")
      ? [`But K-FAC’s grow from there to the whole set, exponentially, up to iteration ${schedule} (§13).`]
      : []),
    ...notes,
  ].join(" ");
  return {
    title: "A deep autoencoder, trained with K-FAC",
    summary,
    runs: results.map(({ run }) => run),
    pictures: {
      width,
      height,
      originals: select(images, oneOfEachClass(images)),
      reconstructions: results.map(({ run: { optimizer }, reconstructions }) => ({
        optimizer,
        images: reconstructions,
      })),
    },
  };
}

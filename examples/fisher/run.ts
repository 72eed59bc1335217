import { denseKroneckerFisher, disposeAll, tensor } from "kronfac";
import { backendFor } from "../backend.js";
import { digits } from "../data/digits.js";
import { downscale } from "../data/downscale.js";
import { makeDirectory, writeNumbers, writePage } from "../report/page.js";
import { UsageError } from "../usage-error.js";
import { absoluteDifference, compareInverses, norm, type Comparison } from "./compare.js";
import { denseInverses, readAndFree, type Inverses } from "./inverses.js";
import { exactFactors, exactFisher, type Layers } from "./middle.js";
import { classifier, loss, trainPartly, type PartlyTrained } from "../classifier.js";
import { parseOptions, type Options } from "./options.js";
import { renderFisher } from "./page.js";

/** What the pictures are of. */
export interface Findings {
  readonly options: Options;
  readonly widths: readonly number[];
  readonly cases: number;
  readonly layers: Layers;
  /** Where each layer's parameters begin among those of the middle layers, and their number. */
  readonly edges: readonly number[];
  readonly training: PartlyTrained;
  readonly fisher: { readonly exact: Float64Array; readonly kronecker: Float64Array };
  /** At the γ of the pictures. */
  readonly inverses: Inverses;
  /** At every γ, ascending. */
  readonly comparisons: readonly Comparison[];
}

/** The whole experiment: flags to report.html and fisher.json. @throws UsageError one line about a flag or a directory */
export async function run(argv: readonly string[], write: (text: string) => unknown): Promise<void> {
  const options = parseOptions(argv);
  if ("help" in options) return void write(options.help);
  makeDirectory(options.out);
  const findings = await find(options, write);
  const numbers = writeNumbers(options.out, "fisher.json", numbersOf(findings));
  const report = writePage(options.out, renderFisher(findings));
  write(`${report} and ${numbers} are written\n`);
}

/** Trains the network partly, then takes F, F̃ and the inverses of its middle layers. */
export async function find(options: Options, write: (text: string) => unknown): Promise<Findings> {
  const { side, hidden, error, gamma, gammas, seed } = options;
  const images = downscale(digits(), side, side);
  const cases = options.cases ?? images.count;
  if (cases > images.count)
    throw new UsageError(`--cases ${cases} is more than the ${images.count} digits there are; give at most those`);

  const widths = [side * side, ...hidden, 10];
  const layers = { first: 1, last: widths.length - 3 };
  const placement = { dtype: "float64", backend: await backendFor(options) } as const;
  using inputs = tensor(images.pixels.subarray(0, cases * side * side), { shape: [cases, side * side], ...placement });
  using targets = tensor(images.labels.subarray(0, cases), placement);
  using net = classifier(widths, { seed, ...placement });

  const training = await trainPartly(net, { inputs, targets }, { errorBelow: error, atMost: 200, seed });
  write(
    `trained: error ${(100 * training.errorRate).toFixed(2)} % after ${training.iterations} iterations of batch K-FAC\n`,
  );
  if (training.errorRate >= error)
    throw new UsageError(`--error ${error} was not reached; give a larger one, or more cases`);

  const factors = exactFactors(net, loss, inputs, layers);
  const fisher = {
    exact: await readAndFree(exactFisher(net, loss, inputs, layers)),
    kronecker: await readAndFree(denseKroneckerFisher(factors)),
  };
  write(`F of ${cases} cases: error of the Kronecker factorisation ${relativeError(fisher).toFixed(4)}\n`);

  const edges = factors.diagonal.reduce((at, { A, G }) => [...at, at[at.length - 1] + A.shape[0] * G.shape[0]], [0]);
  const comparisons: Comparison[] = [];
  let pictured: Inverses | undefined;
  for (const each of [...new Set([gamma, ...gammas, training.gamma])].sort((a, b) => a - b)) {
    const inverses = await denseInverses(factors, each);
    const comparison = compareInverses(each, inverses, edges);
    comparisons.push(comparison);
    if (each === gamma) pictured = inverses;
    const ratio = comparison.tridiagonalError / comparison.diagonalError;
    write(
      `gamma ${each.toPrecision(3)}: error of the block-tridiagonal inverse over the block-diagonal's ${ratio.toFixed(4)}\n`,
    );
  }
  disposeAll(factors);
  if (pictured === undefined) throw new Error("the pictured gamma is among those compared");
  return { options, widths, cases, layers, edges, training, fisher, inverses: pictured, comparisons };
}

/** ‖F − F̃‖ / ‖F‖ */
export function relativeError({ exact, kronecker }: Findings["fisher"]): number {
  return norm(absoluteDifference(exact, kronecker)) / norm(exact);
}

/** What fisher.json holds: all but the matrices. */
function numbersOf({ options, widths, cases, layers, edges, training, fisher, comparisons }: Findings) {
  return {
    settings: { ...options, widths, cases },
    layers: { first: layers.first + 1, last: layers.last + 1, edges },
    training,
    fisher: {
      norm: norm(fisher.exact),
      kroneckerNorm: norm(fisher.kronecker),
      relativeError: relativeError(fisher),
    },
    inverses: comparisons,
  };
}

import { tensor, type Backend } from "kronfac";
import { backendFor } from "../backend.js";
import { digits } from "../data/digits.js";
import { downscale } from "../data/downscale.js";
import { classifier, loss, trainPartly, type PartlyTrained } from "../classifier.js";
import { makeDirectory, writeNumbers, writePage } from "../report/page.js";
import { divergences, type Divergence } from "./divergence.js";
import { parseOptions, type Options } from "./options.js";
import { renderInvariance } from "./page.js";
import { teacherProblem } from "./problem.js";
import { reparameterisations } from "./reparameterise.js";
import { methods, trajectories, type Trajectory } from "./trajectories.js";

export interface Findings {
  readonly options: Options;
  readonly divergence: {
    readonly widths: readonly number[];
    readonly training: PartlyTrained;
    readonly directions: readonly Divergence[];
  };
  readonly invariance: {
    readonly widths: readonly number[];
    readonly methods: readonly { readonly method: string; readonly trajectories: readonly Trajectory[] }[];
  };
}

/** Both experiments: flags to report.html and invariance.json. @throws UsageError one line about a flag or a directory */
export async function run(argv: readonly string[], write: (text: string) => unknown): Promise<void> {
  const options = parseOptions(argv);
  if ("help" in options) return void write(options.help);
  makeDirectory(options.out);
  const backend = await backendFor(options);

  const divergence = await measureDivergence(options, backend);
  for (const { direction, slope } of divergence.directions)
    write(`KL along ${direction}: slope ${slope.toFixed(4)} for the smallest steps\n`);
  const invariance = await measureInvariance(options, backend, ({ method, trajectories: found }) =>
    write(`${method}: largest gap between descriptions ${largestGap(found).toExponential(1)}\n`),
  );

  const findings: Findings = { options, divergence, invariance };
  const numbers = writeNumbers(options.out, "invariance.json", { settings: options, divergence, invariance });
  const report = writePage(options.out, await renderInvariance(findings));
  write(`${report} and ${numbers} are written\n`);
}

export function largestGap(found: readonly Trajectory[]): number {
  return Math.max(...found.flatMap(({ gaps }) => gaps));
}

/** Width and height of the digits that are classified, and the widths above. */
const SIDE = 8;
const WIDTHS = [SIDE * SIDE, 10, 10, 10];
/** From 10⁻³ to 10, three a decade. */
const STEPS = Array.from({ length: 13 }, (_, i) => 10 ** (-3 + i / 3));

async function measureDivergence({ cases, lambda, seed }: Options, backend: Backend): Promise<Findings["divergence"]> {
  const placement = { dtype: "float64", backend } as const;
  const images = downscale(digits(), SIDE, SIDE);
  using inputs = tensor(images.pixels.subarray(0, cases * WIDTHS[0]), { shape: [cases, WIDTHS[0]], ...placement });
  using targets = tensor(images.labels.subarray(0, cases), placement);
  using net = classifier(WIDTHS, { seed, ...placement });
  const data = { inputs, targets };
  const training = await trainPartly(net, data, { errorBelow: 0.3, atMost: 20, seed });
  return { widths: WIDTHS, training, directions: await divergences(net, loss, data, { lambda, ts: STEPS }) };
}

async function measureInvariance(
  options: Options,
  backend: Backend,
  done: (found: Findings["invariance"]["methods"][number]) => unknown,
): Promise<Findings["invariance"]> {
  using problem = teacherProblem(options, backend);
  const descriptions = reparameterisations(problem.inputs, problem.widths[0]);
  const found: Findings["invariance"]["methods"][number][] = [];
  for (const [method, make] of Object.entries(methods)) {
    found.push({ method, trajectories: await trajectories(make, problem, descriptions) });
    done(found[found.length - 1]);
  }
  return { widths: problem.widths, methods: found };
}

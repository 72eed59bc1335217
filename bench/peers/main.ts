import { runExample, UsageError } from "../../examples/usage-error.js";
import type { DType } from "../../src/index.js";
import type { Work } from "../case.js";
import { machineLine } from "../machine.js";
import { measure, type Timing } from "../measure.js";
import { isBusy, measurePeak } from "../peak.js";
import { duration, percent } from "../table.js";
import { jax } from "./jax.js";
import { kronfac } from "./kronfac.js";
import { mlMatrix } from "./ml-matrix.js";
import { numpyTs } from "./numpy-ts.js";
import { parsePeerOptions, type PeerOptions } from "./options.js";
import { operations, type Method, type Operation, type Peer, type Problem } from "./peer.js";
import { errorOf, problem } from "./problems.js";
import { tfjs } from "./tfjs.js";

const peers = { "tfjs-wasm": tfjs, "jax-js": jax, "ml-matrix": mlMatrix, "numpy-ts": numpyTs };

/** A size is left out where a call would take longer than this, judging by the size before. */
const LONGEST_CALL = 10;
/** Calls that take longer are not warmed up beyond the one that is checked. */
const SLOW_CALL = 1;
const QUICK_LIMITS = { minSamples: 5, maxSeconds: 1 };
const SLOW_LIMITS = { minSamples: 2, maxSeconds: 0 };

const write = (text: string) => process.stdout.write(`${text}\n`);

await runExample(async () => {
  const options = parsePeerOptions(process.argv.slice(2));
  if ("help" in options) process.stdout.write(options.help);
  else await compare(options);
});

/** Each peer in turn, kronfac timed beside it in every row; the ratio is the peer's time over kronfac's. */
async function compare(options: PeerOptions): Promise<void> {
  const { filter, sizes } = options;
  const own = kronfac(options);
  write(`${machineLine()}\n${own.name}`);
  let rows = 0;
  for (const [label, load] of Object.entries(peers)) {
    const loaded = await load().catch((error: unknown) => error as Error);
    if (loaded instanceof Error) {
      write(`\n${label}: left out; it ${loaded.message}`);
      continue;
    }
    write(`\n${loaded.name}`);
    for (const dtype of loaded.dtypes) rows += await compareWith(label, loaded, own, dtype, sizes, filter);
  }
  if (rows === 0 && filter !== undefined)
    throw new UsageError(
      `--filter ${filter.source} matches no case; they have names such as ml-matrix/matmul/64/float64`,
    );
}

/** The rows of one peer in one dtype; how many there were. */
async function compareWith(
  label: string,
  peer: Peer,
  own: Peer,
  dtype: DType,
  sizes: readonly number[],
  filter: RegExp | undefined,
): Promise<number> {
  let rows = 0;
  for (const operation of operations) {
    const theirs = peer.methods(dtype)[operation];
    const ours = own.methods(dtype)[operation];
    if (theirs === undefined || ours === undefined) continue;
    const wanted = sizes.filter((n) => filter?.test(`${label}/${operation}/${n}/${dtype}`) ?? true);
    if (wanted.length > 0) write(`  ${operation}, ${dtype}: ${theirs.how}`);
    let last: { n: number; seconds: number } | undefined;
    for (const n of wanted) {
      const expected = last === undefined ? 0 : last.seconds * (n / last.n) ** 3;
      if (expected > LONGEST_CALL) {
        write(`    n = ${n}: left out; a call would take about ${expected.toFixed(0)} s`);
        continue;
      }
      last = { n, seconds: await compareAt(operation, await problem(n, dtype), dtype, theirs, ours) };
      rows++;
    }
  }
  return rows;
}

/** One row; the peer's seconds a call. */
async function compareAt(
  operation: Operation,
  given: Problem,
  dtype: DType,
  theirs: Method,
  ours: Method,
): Promise<number> {
  const peak = measurePeak(dtype);
  const our = await timed(operation, given, ours);
  const their = await timed(operation, given, theirs);
  const busy = isBusy(Math.max(peak, measurePeak(dtype)), dtype) ? "  busy machine" : "";
  const cell = ({ seconds, spread, error }: typeof our) =>
    `${duration(seconds).padStart(9)} ± ${percent(spread).padEnd(6)} (error ${error.toExponential(0)})`;
  const ratio = (their.seconds / our.seconds).toPrecision(3);
  write(`    n = ${String(given.n).padEnd(5)} peer ${cell(their)}  kronfac ${cell(our)}  ratio ${ratio}${busy}`);
  return their.seconds;
}

/** Checks a result, then times the method. */
async function timed(
  operation: Operation,
  given: Problem,
  method: Method,
): Promise<Timing & { readonly error: number }> {
  using prepared = method.prepare(given);
  const started = performance.now();
  const result = await prepared.result();
  const slow = (performance.now() - started) / 1000 > SLOW_CALL;
  const error = await errorOf(operation, given, result);
  const work: Work = {
    run: () => prepared.run(),
    ...(slow && { warmUp: () => Promise.resolve() }),
    [Symbol.dispose]: () => undefined,
  };
  return { ...(await measure(work, slow ? SLOW_LIMITS : QUICK_LIMITS)), error };
}

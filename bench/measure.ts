import Benchmark from "benchmark";
import type { Work } from "./case.js";
import { consume } from "./consume.js";
import { median, relativeSpread } from "./statistics.js";

/** How long to measure: until there are so many samples and so many seconds have passed. */
export interface Limits {
  readonly minSamples: number;
  readonly maxSeconds: number;
}

export interface Timing {
  /** The median over samples of the seconds that one run takes. */
  readonly seconds: number;
  /** The interquartile range over the median. */
  readonly spread: number;
  readonly samples: number;
}

/** Long enough for V8 to compile the kernels that a run is made of with its optimising compiler. */
const WARM_UP_SECONDS = 0.3;
const WARM_UP_RUNS = 2;

/** Warms up, then lets benchmark.js time the work and consumes each result. */
export async function measure(work: Work, limits: Limits): Promise<Timing> {
  await (work.warmUp?.() ?? warmUp(work));
  const sample = await sampleOf(work, limits);
  return { seconds: median(sample), spread: relativeSpread(sample), samples: sample.length };
}

async function warmUp(work: Work): Promise<void> {
  const started = performance.now();
  for (let runs = 0; runs < WARM_UP_RUNS || performance.now() - started < 1000 * WARM_UP_SECONDS; runs++)
    consume(await work.run());
}

/** Seconds a run, sample by sample. Work that returns a promise is timed until it resolves. */
async function sampleOf(work: Work, { minSamples, maxSeconds }: Limits): Promise<number[]> {
  const first = work.run();
  const defer = first instanceof Promise;
  consume(await first);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(error instanceof Error ? error : new Error(String(error)));
    const benchmark: Benchmark = new Benchmark({
      defer,
      minSamples,
      maxTime: maxSeconds,
      fn: defer
        ? (deferred: Benchmark.Deferred) => {
            (work.run() as Promise<unknown>).then((result) => {
              consume(result);
              deferred.resolve();
            }, fail);
          }
        : () => consume(work.run()),
      onError: () => fail(benchmark.error),
      onComplete: () => resolve(benchmark.stats.sample as number[]),
    });
    benchmark.run({ async: true });
  });
}

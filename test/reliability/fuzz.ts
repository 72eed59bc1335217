/** `npm run fuzz`: random training runs, case n drawn from seed n. `-- --seed 8123 --cases 1` runs one again, or goes on from there. */
import { Command } from "commander";
import { parseFlags, wholeNumber } from "../../examples/command-line.js";
import { UsageError } from "../../examples/usage-error.js";
import { runCase } from "./cases.js";

const STEPS = 30;

/** Cases between two lines of progress. */
const EVERY = 1000;

const program = new Command("npm run fuzz --")
  .description("trains random networks and checks that nothing goes wrong silently")
  .option("--seed <number>", "the first case", wholeNumber(0, 2 ** 31 - 1), 1)
  .option("--cases <number>", "how many cases", wholeNumber(1), 20_000);

try {
  const parsed = parseFlags(program, process.argv.slice(2));
  if ("help" in parsed) console.log(parsed.help.trimEnd());
  else process.exitCode = await fuzz(parsed.flags as { seed: number; cases: number });
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`fuzz: ${error.message}`);
  process.exitCode = 2;
}

/** Runs the cases and prints what they came to. Returns the exit status. */
async function fuzz({ seed, cases }: { seed: number; cases: number }): Promise<number> {
  const start = performance.now();
  const counts = new Map<string, number>();
  const count = (what: string, by = 1) => counts.set(what, (counts.get(what) ?? 0) + by);
  let failures = 0;
  for (let n = seed; n < seed + cases; n++) {
    const { outcome, failure } = await runCase(n, STEPS);
    if (failure) {
      failures++;
      console.log(`case ${n}: ${failure.error}\n  smallest: ${JSON.stringify(failure.smallest)}`);
    }
    if (outcome) {
      count("steps", outcome.steps);
      if (outcome.above) count("ended above the start");
      for (const { kind } of outcome.events) count(kind);
      if (outcome.stopped !== undefined) {
        count("stopped");
        console.log(`case ${n} stopped in step ${outcome.steps + 1}: ${outcome.stopped}`);
      }
    }
    const done = n - seed + 1;
    if (done % EVERY === 0) console.log(`${done} cases, to seed ${n}: ${failures} failed, ${seconds(start)} s`);
  }
  console.log(`${cases} cases of ${STEPS} steps from seed ${seed}: ${failures} failed, ${seconds(start)} s`);
  for (const [what, times] of [...counts].sort()) console.log(`  ${what}: ${times}`);
  return failures === 0 ? 0 : 1;
}

function seconds(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(0);
}

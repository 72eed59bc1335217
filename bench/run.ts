import { writeFileSync } from "node:fs";
import { UsageError } from "../examples/usage-error.js";
import { nameOf, type Case } from "./case.js";
import { machineLine } from "./machine.js";
import { measure, type Limits } from "./measure.js";
import { parseOptions } from "./options.js";
import { measurePeak } from "./peak.js";
import { allPlaces, build } from "./places.js";
import { renderPage } from "./report/page.js";
import { isSuspect, rowOf, type Row } from "./row.js";
import { allCases } from "./suites/index.js";
import { tableHead, tableLine } from "./table.js";

const THOROUGH = { limits: { minSamples: 5, maxSeconds: 2 }, largest: 2048, largestOnCpu: 512 };
const QUICK = { limits: { minSamples: 2, maxSeconds: 0.3 }, largest: 1024, largestOnCpu: 128 };

/**
 * The whole job: flags to a table, a line a case as it is measured, and the files asked for.
 *
 * @throws UsageError one line about a flag
 */
export async function run(argv: readonly string[], write: (text: string) => unknown): Promise<void> {
  const options = parseOptions(argv);
  if ("help" in options) {
    write(options.help);
    return;
  }
  const { limits, ...sizes } = options.quick ? QUICK : THOROUGH;
  const cases = chosen(allCases({ ...sizes, places: allPlaces(build(options.simd)) }), options.filter);
  const machine = machineLine();
  write(`${machine}\n${tableHead()}\n`);
  const rows: Row[] = [];
  for (const each of cases) {
    const row = await timed(each, options.quick ? { ...limits } : { ...limits, ...each.limits });
    rows.push(row);
    write(`${tableLine(row)}\n`);
  }
  write(summary(rows));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, null, 1)}\n`);
  if (options.html !== undefined) writeFileSync(options.html, await renderPage(rows, machine));
}

function chosen(cases: readonly Case[], filter: RegExp | undefined): Case[] {
  const found = cases.filter((each) => filter?.test(nameOf(each)) ?? true);
  if (found.length === 0)
    throw new UsageError(
      `--filter ${filter?.source ?? ""} matches none of ${cases.length} cases; they have names such as ${nameOf(cases[0])}`,
    );
  return found;
}

/** The row of one case; the peak is the better of one before and one after it. */
async function timed(each: Case, limits: Limits): Promise<Row> {
  using work = each.prepare();
  const before = measurePeak(each.dtype);
  const timing = await measure(work, limits);
  return rowOf(each, timing, Math.max(before, measurePeak(each.dtype)));
}

function summary(rows: readonly Row[]): string {
  const suspect = rows.filter(isSuspect).length;
  return suspect === 0
    ? ""
    : `\n${suspect} of ${rows.length} rows come from a busy machine: a core did less than 0.95 of what it can beside them.\n`;
}

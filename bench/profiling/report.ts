import { machineLine } from "../machine.js";
import { percent } from "../table.js";
import type { Floor } from "./floor.js";
import { stages, type Recorded } from "./recorder.js";
import { kinds } from "./work.js";

export interface Profile {
  readonly title: string;
  readonly recorded: Recorded;
  readonly iterations: number;
  readonly floor: Floor;
  /** GFLOP/s that all threads could reach together. */
  readonly peakGflops: number;
}

/** Two tables, of stages and of kinds of operations, for an average iteration. */
export function describeProfile({ title, recorded, iterations, floor, peakGflops }: Profile): string {
  const giga = (flops: number) => flops / 1e9;
  const totals = recorded.stages;
  const seconds = stages.reduce((sum, stage) => sum + totals[stage].seconds, 0) / iterations;
  const flops = giga(stages.reduce((sum, stage) => sum + totals[stage].flops, 0)) / iterations;
  const counted = giga(Object.values(floor).reduce((sum, stage) => sum + stage, 0));
  const stageRow = (name: string, time: number, done: number, least: number | undefined) =>
    line(
      name,
      milliseconds(time),
      percent(time / seconds),
      done.toFixed(2),
      done === 0 ? "–" : (done / time).toFixed(1),
      least === undefined ? "–" : least.toFixed(2),
      least === undefined ? "–" : milliseconds(least / peakGflops),
      least === undefined ? "–" : (time / (least / peakGflops)).toFixed(2),
    );
  const stageRows = stages
    .filter((stage) => totals[stage].seconds > 0 || floor[stage] !== undefined)
    .map((stage) => {
      const least = floor[stage];
      const { seconds: time, flops: done } = totals[stage];
      return stageRow(stage, time / iterations, giga(done) / iterations, least === undefined ? undefined : giga(least));
    });

  const inside = kinds.reduce((sum, kind) => sum + recorded.kinds[kind].seconds, 0) / iterations;
  const kindRows = kinds.map((kind) => {
    const { calls, seconds: time, flops: done, elements } = recorded.kinds[kind];
    const each = time / iterations;
    return line(
      kind,
      milliseconds(each),
      percent(each / seconds),
      (giga(done) / iterations).toFixed(2),
      done === 0 ? "–" : (giga(done) / time).toFixed(1),
      (calls / iterations).toFixed(0),
      elements === 0 ? "–" : (elements / 1e6 / iterations).toFixed(1),
    );
  });
  const outside = seconds - inside;

  return [
    machineLine(),
    title,
    "",
    line("stage", "ms", "share", "GFLOP", "GFLOP/s", "floor", "floor ms", "× floor"),
    ...stageRows,
    stageRow("an iteration", seconds, flops, counted),
    "",
    line("kind of operation", "ms", "share", "GFLOP", "GFLOP/s", "calls", "M elements"),
    ...kindRows,
    line("between operations", milliseconds(outside), percent(outside / seconds)),
    "",
    `Averages over ${iterations} iterations. GFLOP count products and factorizations; the floor is what an iteration cannot do`,
    `without, at the peak of ${peakGflops.toFixed(1)} GFLOP/s measured beside it.`,
    "",
  ].join("\n");
}

function milliseconds(seconds: number): string {
  return (1000 * seconds).toFixed(1);
}

function line(name: string, ...cells: readonly string[]): string {
  return `${name.padEnd(31)}${cells.map((cell) => cell.padStart(11)).join("")}`;
}

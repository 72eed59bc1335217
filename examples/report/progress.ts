import { SingleBar } from "cli-progress";
import { figure } from "./figure.js";
import type { TraceStep } from "./trace.js";

/** When a run ends: after so many iterations, or once it has trained for so many seconds. */
export type Goal = { readonly iterations: number } | { readonly seconds: number };

export interface Progress {
  update(step: TraceStep): void;
  /** Leaves the last state on the screen; call it in a `finally`, or the bar keeps the process alive. */
  stop(): void;
}

/** A bar on a terminal, a line every few seconds elsewhere, nothing where quiet. */
export function progress(
  label: string,
  goal: Goal,
  { quiet = false, stream = process.stdout, now = () => performance.now() / 1000 }: ProgressOptions = {},
): Progress {
  if (quiet) return { update: () => undefined, stop: () => undefined };
  return stream.isTTY ? bar(label, goal, stream) : lines(label, goal, stream, now);
}

interface ProgressOptions {
  readonly quiet?: boolean;
  readonly stream?: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** The clock, in seconds. */
  readonly now?: () => number;
}

/** "iteration 3/20 · loss 131.2 · λ 4.763 · γ 2.182 · α 0.2190 · 4.1 s"; what a step does not report is left out. */
export function describe(step: TraceStep, goal: Goal): string {
  const { iteration, seconds, loss, lambda, gamma, alpha } = step;
  const terms = Object.entries({ loss, λ: lambda, γ: gamma, α: alpha }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${figure(value)}`],
  );
  const of = "iterations" in goal ? `/${goal.iterations}` : "";
  const limit = "seconds" in goal ? `/${goal.seconds.toFixed(1)}` : "";
  return [`iteration ${iteration}${of}`, ...terms, `${seconds.toFixed(1)}${limit} s`].join(" · ");
}

/** gracefulExit would swallow the first Ctrl-C; the cursor stays visible, so there is nothing to restore. */
function bar(label: string, goal: Goal, stream: NodeJS.WritableStream): Progress {
  const single = new SingleBar({
    stream,
    format: `${label} {bar} {text}`,
    barsize: 20,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    gracefulExit: false,
  });
  const total = "iterations" in goal ? goal.iterations : goal.seconds;
  single.start(total, 0, { text: "" });
  return {
    update: (step) => {
      const done = "iterations" in goal ? step.iteration : step.seconds;
      single.update(Math.min(done, total), { text: describe(step, goal) });
    },
    stop: () => single.stop(),
  };
}

const SECONDS_BETWEEN_LINES = 10;

/** The first step and the last always have a line. */
function lines(label: string, goal: Goal, stream: NodeJS.WritableStream, now: () => number): Progress {
  let unwritten: TraceStep | undefined;
  let next = -Infinity;
  const write = (step: TraceStep): void => {
    stream.write(`${label} ${describe(step, goal)}\n`);
    unwritten = undefined;
    next = now() + SECONDS_BETWEEN_LINES;
  };
  return {
    update: (step) => {
      unwritten = step;
      if (now() >= next) write(step);
    },
    stop: () => {
      if (unwritten) write(unwritten);
    },
  };
}

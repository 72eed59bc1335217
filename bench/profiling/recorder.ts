import { kinds, type Kind, type Work } from "./work.js";

/** What an iteration of an optimizer is made of. */
export const stages = [
  "forward",
  "backward",
  "sampled backward",
  "statistics",
  "exact-Fisher products",
  "inverse preparation",
  "inverse application",
  "ρ forward",
  "vector arithmetic, loss, other",
] as const;
export type Stage = (typeof stages)[number];

const OTHER: Stage = "vector arithmetic, loss, other";

/** Totals of a stage or a kind. */
export interface Totals {
  calls: number;
  flops: number;
  elements: number;
  seconds: number;
}

/** Totals by stage and by kind. */
export interface Recorded {
  readonly stages: Readonly<Record<Stage, Readonly<Totals>>>;
  readonly kinds: Readonly<Record<Kind, Readonly<Totals>>>;
}

/**
 * Charges seconds and operations to stages and to kinds. The seconds of a stage are those between its start and its end, less
 * those of stages inside it; the seconds of a kind are those inside a backend's operations.
 */
export class Recorder {
  readonly #now: () => number;
  readonly #open: Stage[] = [];
  #stages = totalsOf(stages);
  #kinds = totalsOf(kinds);
  #since: number;

  /** The clock, in seconds. */
  constructor(now: () => number = () => performance.now() / 1000) {
    this.#now = now;
    this.#since = now();
  }

  /** Forgets what was charged so far. */
  reset(): void {
    this.#stages = totalsOf(stages);
    this.#kinds = totalsOf(kinds);
    this.#since = this.#now();
  }

  /** What was charged until now. */
  snapshot(): Recorded {
    this.#charge();
    return structuredClone({ stages: this.#stages, kinds: this.#kinds });
  }

  /** Runs a synchronous part of a stage. */
  within<R>(stage: Stage, part: () => R): R {
    this.#charge();
    this.#open.push(stage);
    try {
      return part();
    } finally {
      this.#charge();
      this.#open.pop();
    }
  }

  /** Runs an operation of a backend; where no stage is open, `stage` is the one it belongs to. */
  operation<R>({ kind, flops, elements }: Work, stage: Stage | undefined, run: () => R): R {
    if (stage !== undefined && this.#open.length === 0)
      return this.within(stage, () => this.operation({ kind, flops, elements }, undefined, run));
    const started = this.#now();
    try {
      return run();
    } finally {
      const seconds = this.#now() - started;
      add(this.#kinds[kind], { calls: 1, flops, elements, seconds });
      add(this.#stages[this.#stage], { calls: 1, flops, elements, seconds: 0 });
    }
  }

  get #stage(): Stage {
    return this.#open.at(-1) ?? OTHER;
  }

  /** Gives the seconds since the last charge to the innermost stage. */
  #charge(): void {
    const now = this.#now();
    this.#stages[this.#stage].seconds += now - this.#since;
    this.#since = now;
  }
}

function totalsOf<Name extends string>(names: readonly Name[]): Record<Name, Totals> {
  const none = () => ({ calls: 0, flops: 0, elements: 0, seconds: 0 });
  return Object.fromEntries(names.map((name) => [name, none()])) as Record<Name, Totals>;
}

function add(totals: Totals, more: Totals): void {
  totals.calls += more.calls;
  totals.flops += more.flops;
  totals.elements += more.elements;
  totals.seconds += more.seconds;
}

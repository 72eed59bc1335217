import { expect } from "expect";
import { each } from "./each.js";

/** The globals that suites find in jest, made of mocha's and jest's own `expect`; `run` then runs what they defined. */

interface Runnable {
  fullTitle(): string;
  timeout(milliseconds: number): void;
}

type Skippable<F> = F & { readonly skip: F };
type Hook = (body: () => unknown) => void;

interface Mocha {
  readonly mocha: {
    setup(options: { ui: "bdd"; timeout: number } | { reporter: new (runner: Runner) => unknown }): void;
    run(): void;
  };
  readonly describe: Skippable<(title: string, body: () => void) => void>;
  readonly it: Skippable<(title: string, body: () => unknown) => Runnable>;
  readonly before: Hook;
  readonly after: Hook;
}

interface Runner {
  on(event: "pass" | "pending" | "end", listener: () => void): Runner;
  on(event: "fail", listener: (test: Runnable, error: Error) => void): Runner;
}

/** What became of a page's tests. */
export interface Outcome {
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
}

/** The `testTimeout` of jest.config.js. */
const TIMEOUT = 60_000;

const { mocha } = globalThis as unknown as Mocha;
mocha.setup({ ui: "bdd", timeout: TIMEOUT });
const { describe: suite, it, before, after } = globalThis as unknown as Mocha;

const describe = (title: string, body: () => unknown) => {
  suite(title, () => void body());
};
// Mocha takes a body that has parameters to be one that calls back.
const test = (title: string, body: () => unknown, timeout = TIMEOUT) => {
  it(title, () => body()).timeout(timeout);
};

Object.assign(globalThis, {
  expect,
  describe: Object.assign(describe, { each: each(describe), skip: suite.skip }),
  test: Object.assign(test, { each: each(test), skip: it.skip }),
  beforeAll: (body: () => unknown) => before(() => body()),
  afterAll: (body: () => unknown) => after(() => body()),
});

export function run(): Promise<Outcome> {
  return new Promise((resolve) => {
    class Collector implements Outcome {
      passed = 0;
      skipped = 0;
      readonly failures: string[] = [];
      constructor(runner: Runner) {
        runner
          .on("pass", () => this.passed++)
          .on("pending", () => this.skipped++)
          .on("fail", (of, error) => this.failures.push(`${of.fullTitle()}\n${error.stack ?? String(error)}`))
          .on("end", () => resolve(this));
      }
    }
    mocha.setup({ reporter: Collector });
    mocha.run();
  });
}

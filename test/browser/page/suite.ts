import { run, type Outcome } from "./jest.js";

/** Runs the suite that the page's address names; run.ts waits for `outcome`. */
async function outcome(): Promise<Outcome> {
  await import(`/${location.search.slice(1)}`);
  return run();
}

Object.assign(globalThis, { outcome: outcome() });

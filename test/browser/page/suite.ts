import { run, type Outcome } from "./jest.js";

/** Runs the suite that the page's address names; run.ts waits for `outcome`. */
async function outcome(): Promise<Outcome> {
  await import(`/${new URLSearchParams(location.search).get("suite")}`);
  return run();
}

Object.assign(globalThis, { outcome: outcome() });

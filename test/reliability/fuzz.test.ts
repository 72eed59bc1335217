import { runCase } from "./cases.js";

/** `npm run fuzz` takes 30 steps of 20,000 cases. */
const STEPS = 5;
const CASES = 75;

test.each([0, 1, 2, 3])("random networks train, or stop with a documented error (cases from %d × 75)", async (part) => {
  for (let n = part * CASES; n < (part + 1) * CASES; n++) {
    const { failure } = await runCase(n, STEPS);
    expect([n, failure]).toEqual([n, undefined]);
  }
});

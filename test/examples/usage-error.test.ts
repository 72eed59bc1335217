import { jest } from "@jest/globals";
import { runExample, UsageError } from "../../examples/usage-error.js";

afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

test("a usage error becomes one line on stderr and exit code 2", async () => {
  const write = jest.spyOn(process.stderr, "write").mockReturnValue(true);
  await runExample(() => Promise.reject(new UsageError("give a number")));
  expect(write.mock.calls).toEqual([["error: give a number\n"]]);
  expect(process.exitCode).toBe(2);
});

test("any other error keeps its stack", async () => {
  const error = new TypeError("a defect");
  await expect(runExample(() => Promise.reject(error))).rejects.toBe(error);
});

/** Something the person at the terminal can put right: shown as one line, without a stack. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Runs an example's main function. A `UsageError` becomes one line on stderr and exit code 2; anything else keeps its stack. */
export async function runExample(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 2;
  }
}

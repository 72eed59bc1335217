import { onInterrupt } from "../interrupt.js";
import { runExample } from "../usage-error.js";
import { run } from "./run.js";

await runExample(async () => {
  using interrupt = onInterrupt();
  const { signal } = interrupt;
  const complete = await run(process.argv.slice(2), { signal, write: (text) => process.stdout.write(text) });
  if (!complete) process.exitCode ??= 1;
});

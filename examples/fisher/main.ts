import { runExample } from "../usage-error.js";
import { run } from "./run.js";

await runExample(() => run(process.argv.slice(2), (text) => process.stdout.write(text)));

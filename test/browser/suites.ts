import { readdirSync } from "node:fs";

/** Folders of test/ whose suites run in pages as they run in Node. */
const folders = ["tensor", "autodiff", "network", "kfac", "wasm"];

/** Suites that stay in Node, by how their path starts, and why. A suite that needs Node's modules fails to bundle unless it is here. */
const exceptions: Readonly<Record<string, string>> = {
  "test/wasm/threads.test.ts": "starts processes of its own",
  "test/wasm/kernels/": "opens compiled modules with Node's Buffer and starts its own node:worker_threads",
};

/** Suites that run in pages only. */
const pagesOnly = ["test/browser/threads.ts"];

/** Paths, from the repository's root, of all suites that run in pages. @throws Error for an exception that there is no suite for. */
export function suites(): string[] {
  const found = folders.flatMap((folder) =>
    readdirSync(`test/${folder}`, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `test/${folder}/${name}`),
  );
  const starts = Object.keys(exceptions);
  for (const start of starts)
    if (!found.some((path) => path.startsWith(start))) throw new Error(`suites: no suite's path starts with ${start}`);
  return [...pagesOnly, ...found.filter((path) => !starts.some((start) => path.startsWith(start))).sort()];
}

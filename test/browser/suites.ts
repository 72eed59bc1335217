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

/** Suites of what gpu.js computes. */
const onGpuJs = [
  "test/tensor/create",
  "test/tensor/elementwise",
  "test/tensor/factorization",
  "test/tensor/movement",
  "test/tensor/products",
  "test/tensor/reduction",
  "test/autodiff/compositions",
  "test/autodiff/gradients",
  "test/autodiff/linearisation",
  "test/autodiff/transforms",
  "test/gpu/faults",
  "test/gpu/fusion",
  "test/gpu/kernels",
  "test/gpu/training",
].map((path) => `${path}.test.ts`);

/** The modes of gpu.js that pages have and Node has not, or not as the browser has them, and the suites that run in each. */
export const gpuSuites: Readonly<Record<"webgpu" | "webgl2", readonly string[]>> = {
  webgpu: onGpuJs,
  webgl2: ["test/browser/textures.ts", ...onGpuJs],
};

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

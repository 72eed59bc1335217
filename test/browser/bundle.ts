import { build, type Plugin } from "esbuild";
import { relative } from "node:path";

/** What jest's `expect` uses of two packages that read files and the terminal, without those. */
const standIns: Readonly<Record<string, string>> = {
  "jest-util": `
    export const isPromise = (x) => typeof x?.then === "function";
    export const pluralize = (word, count) => count + " " + word + (count === 1 ? "" : "s");
    export class ErrorWithStack extends Error {}`,
  "jest-message-util": `
    export const separateMessageFromStack = (content) => ({ message: content, stack: content });
    export const formatStackTrace = (stack) => stack;
    export const formatExecError = (error) => String(error?.stack ?? error);`,
};

const withoutNode: Plugin = {
  name: "without-node",
  setup(build) {
    const filter = new RegExp(`^(${Object.keys(standIns).join("|")})$`);
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: "stand-in" }));
    build.onLoad({ filter, namespace: "stand-in" }, ({ path }) => ({ contents: standIns[path] }));
  },
};

/** package.json says that no module has side effects, which holds of src/ but not of what tests import for its effect alone. */
const withSideEffects: Plugin = {
  name: "with-side-effects",
  setup(build) {
    build.onResolve({ filter: /\/support\// }, async ({ path, pluginData, ...place }) =>
      pluginData === "resolving"
        ? undefined
        : { ...(await build.resolve(path, { ...place, pluginData: "resolving" })), sideEffects: true },
    );
  },
};

/**
 * ES modules for pages, by their path from the repository's root: one for each entry (its name with .js for .ts), and what they share.
 * @throws Error where an entry needs a module of Node, or the bundler warns of anything.
 */
export async function bundle(entryPoints: readonly string[]): Promise<Map<string, Uint8Array>> {
  const { outputFiles, warnings } = await build({
    entryPoints: [...entryPoints],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    outdir: ".",
    outbase: ".",
    chunkNames: "chunks/[hash]",
    inject: ["test/browser/page/process.ts"],
    define: { global: "globalThis" },
    plugins: [withoutNode, withSideEffects],
    write: false,
    logLevel: "warning",
  });
  if (warnings.length > 0) throw new Error("the bundler warned of what is printed above, so consumers' would too");
  return new Map(outputFiles.map(({ path, contents }) => [relative(".", path), contents]));
}

/**
 * `npm run package:check`: packs the package, looks at what is in it, installs it in an empty folder, and uses it as five consumers do:
 * Node's import and require, TypeScript with nodenext and bundler resolution, and a page that Vite bundles, in headless Chromium
 * (CHROMIUM names it). K-FAC must have the same losses everywhere. Needs `npm run build` before.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build as bundle } from "esbuild";
import { chromium } from "playwright-core";
import { preview, build as viteBuild } from "vite";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = mkdtempSync(join(tmpdir(), "kronfac-package-"));
const failures = [];

/** Prints one finding; one that does not hold is a failure. */
function check(what, holds, figures = "") {
  console.log(`${holds ? "ok" : "FAILED"}  ${what}${figures === "" ? "" : `: ${figures}`}`);
  if (!holds) failures.push(what);
}

/** Runs a program in the folder. Gives what it printed, or fails with what it complained of. */
function run(program, ...args) {
  try {
    return execFileSync(program, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`${basename(program)} ${args.join(" ")} failed:\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** What every consumer trains, and the losses that it prints: the wasm kernels without relaxed SIMD round alike everywhere. */
const training = `
  const data = Float64Array.from({ length: 60 }, (_, i) => Math.sin(i * i));
  const net = network([dense(3, 8, tanh), dense(8, 3, identity)], { seed: 1, backend: wasm({ threads: 1, simd: "baseline" }) });
  const inputs = tensor(data, { shape: [20, 3], dtype: net.dtype, backend: net.backend });
  const kfac = new Kfac(net, squaredError);
  const losses: number[] = [];
  for (let k = 0; k < 10; k++) losses.push((await kfac.step({ inputs, targets: inputs })).loss);`;
const names = "dense, identity, Kfac, network, squaredError, tanh, tensor, wasm";
const plain = training.replace(": number[]", "");

try {
  const packed = pack();
  checkContents(packed);
  install(packed);
  const losses = await useIt();
  await checkBundles(losses);
} finally {
  rmSync(folder, { recursive: true });
}
console.log(failures.length === 0 ? "\nThe package is fit to be published." : `\n${failures.length} checks failed.`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** The tarball, made as `npm publish` makes it. */
function pack() {
  const output = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root, encoding: "utf8" });
  const [description] = JSON.parse(output);
  return { ...description, path: join(folder, description.filename) };
}

function checkContents({ path, files, size, unpackedSize }) {
  run("tar", "xzf", path);
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
  console.log(`${files.length} files, ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`);
  const stray = files.map((file) => file.path).filter((name) => !allowed(name));
  check(
    "holds the build, its declarations, the manifest, the licence, the readme and the changelog alone",
    stray.length === 0,
    stray.join(", "),
  );
  const texts = files.map((file) => [file.path, readFileSync(join(folder, "package", file.path), "utf8")]);
  const having = (pattern) =>
    texts
      .filter(([, text]) => pattern.test(text))
      .map(([name]) => name)
      .join(", ");
  for (const [what, pattern] of [
    ["no source maps that point nowhere", /^\/\/# sourceMappingURL=/m],
    ["no paths of the machine that built it", new RegExp(`${root}/|file:///|/home/|/Users/`)],
  ])
    check(what, having(pattern) === "", having(pattern));
  const evaluating = having(/\beval\(|new Function\(|importScripts\(/);
  check("evaluates no text as code", evaluating === "", evaluating);
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package/package.json"), "utf8"));
  check("has no runtime dependencies, so that there are none to audit", Object.keys(dependencies).length === 0);
  rmSync(join(folder, "package"), { recursive: true });
}

function allowed(name) {
  return /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|dist\/.*\.(js|d\.ts))$/.test(name) && !/\btest\b/.test(name);
}

/** Offline: whatever it needs beside the tarball would make it fail. */
function install({ path }) {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  run("npm", "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", path);
  const installed = readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."));
  check("installs offline, and nothing with it", installed.join() === "kronfac", installed.join(", "));
}

/** Four consumers beside the page; gives the losses. */
async function useIt() {
  const print = "console.log(JSON.stringify(losses));";
  const node = (file, source) => {
    writeFileSync(join(folder, file), source);
    return run(process.execPath, file).trim();
  };
  const losses = node("esm.mjs", `import { ${names} } from "kronfac";\n${plain}\n${print}`);
  const numbers = JSON.parse(losses);
  check("Node's import trains", numbers.length === 10 && numbers[9] < numbers[0] / 2, `${numbers[0]} → ${numbers[9]}`);
  const required = node("cjs.cjs", `const { ${names} } = require("kronfac");\n(async () => {${plain}\n${print}})();`);
  check("Node's require trains with the same losses", required === losses);
  check(
    "kronfac/linalg resolves",
    node("linalg.mjs", `import * as linalg from "kronfac/linalg";\nconsole.log(typeof linalg.cholesky);`) ===
      "function",
  );

  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    target: "es2022",
    noEmitOnError: true,
  };
  const source = `import { ${names}, type KfacReport } from "kronfac";\nimport { cholesky } from "kronfac/linalg";
export const factor: typeof cholesky = cholesky;\nexport type Report = KfacReport;\n${training}\n${print}`;
  for (const [resolution, module] of [
    ["nodenext", "nodenext"],
    ["bundler", "esnext"],
  ]) {
    const where = join(folder, resolution);
    mkdirSync(where);
    writeFileSync(join(where, "main.ts"), source);
    const options = {
      ...strict,
      module,
      moduleResolution: resolution,
      lib: ["es2023", "esnext.disposable", "dom"],
      types: [],
      outDir: ".",
    };
    writeFileSync(join(where, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["main.ts"] }));
    run(process.execPath, tsc, "-p", where);
    check(
      `TypeScript with ${resolution} resolution compiles, and trains with the same losses`,
      run(process.execPath, join(where, "main.js")).trim() === losses,
    );
  }
  return losses;
}

/** A bundle of the public names, and a page that Vite makes and Chromium opens. */
async function checkBundles(losses) {
  const minified = async (source) => {
    const { outputFiles } = await bundle({
      stdin: { contents: source, resolveDir: folder },
      ...{ bundle: true, minify: true, write: false, format: "esm", platform: "browser", target: "es2022" },
    });
    return outputFiles[0].contents;
  };
  const code = await minified(`import { ${names} } from "kronfac";\nexport { ${names} };`);
  console.log(`a bundle of ${names}: ${code.length} bytes minified, ${gzipSync(code, { level: 9 }).length} gzipped`);
  const few = await minified(`import { tensor } from "kronfac";\nconsole.log(tensor([1]).backend.name);`);
  writeFileSync(join(folder, "few.mjs"), few);
  check("a bundle that names no backend has wasm for its default", run(process.execPath, "few.mjs").trim() === "wasm");

  const page = join(folder, "page");
  mkdirSync(page);
  symlinkSync(join(folder, "node_modules"), join(page, "node_modules"));
  writeFileSync(
    join(page, "index.html"),
    `<!doctype html><meta charset="utf-8"><script type="module" src="/main.js"></script>`,
  );
  writeFileSync(
    join(page, "main.js"),
    `import { ${names} } from "kronfac";\nglobalThis.losses = (async () => {${plain}\nreturn JSON.stringify(losses);})();`,
  );
  const settings = {
    root: page,
    logLevel: "warn",
    configFile: false,
    preview: { port: 0, host: "127.0.0.1" },
    build: { chunkSizeWarningLimit: 1000 },
  };
  await viteBuild(settings);
  const server = await preview(settings);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${server.httpServer.address().port}/`);
    check(
      "a page that Vite bundles trains in Chromium with the same losses",
      (await tab.evaluate("globalThis.losses")) === losses,
    );
  } finally {
    await browser.close();
    await server.close();
  }
}

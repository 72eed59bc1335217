/**
 * Compiles src/wasm/kernels to six WebAssembly modules: without relaxed SIMD (fused multiply-add), with it, and with it and
 * a tile for 256-bit registers (turbo), each with shared (threads) and unshared memory. Each becomes base64 in
 * src/wasm/generated/<name>.ts.
 * Does nothing while the sources, this script and the compiler are unchanged, so every npm script can call it first.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";

const root = new URL("..", import.meta.url);
const kernels = new URL("src/wasm/kernels/", root);
const generated = new URL("src/wasm/generated/", root);

const relaxed = ["--enable", "relaxed-simd"];
const shared = ["--enable", "threads", "--sharedMemory"];
/** Without the threads feature pool.ts compiles to plain loops. */
const unshared = ["--disable", "threads"];
const modules = {
  baselineUnshared: unshared,
  baselineShared: shared,
  relaxedUnshared: [...relaxed, ...unshared],
  relaxedShared: [...relaxed, ...shared],
  turboUnshared: [...relaxed, ...unshared],
  turboShared: [...relaxed, ...shared],
};

const sources = readdirSync(kernels).filter((name) => name.endsWith(".ts"));
const hash = createHash("sha256").update(asc.version ?? "");
for (const url of [new URL(import.meta.url), ...sources.map((name) => new URL(name, kernels))]) {
  hash.update(url.pathname).update(readFileSync(url));
}
const stamp = hash.digest("hex");
const stampFile = new URL("stamp", generated);
const upToDate =
  existsSync(stampFile) &&
  readFileSync(stampFile, "utf8") === stamp &&
  Object.keys(modules).every((name) => existsSync(new URL(`${name}.ts`, generated)));

if (!upToDate) {
  mkdirSync(generated, { recursive: true });
  for (const [name, flags] of Object.entries(modules))
    write(`${name}.ts`, moduleSource(await compile(flags, name.startsWith("turbo"))));
  write("stamp", stamp);
}

/** @param turbo what build.ts says */
async function compile(flags, turbo) {
  let binary;
  const fixed = ["--runtime", "stub", "--importMemory", "--initialMemory", "1", "--maximumMemory", "65536"];
  const { error, stderr } = await asc.main(
    ["index.ts", "--outFile", "kernels.wasm", "-O3", "--noAssert", "--enable", "simd", ...fixed, ...flags],
    {
      readFile: (name) => {
        if (name === "index.ts") return instances();
        const source = read(new URL(name, kernels));
        return name === "build.ts" && turbo ? source.replace("TURBO: bool = false", "TURBO: bool = true") : source;
      },
      writeFile: (name, contents) => {
        if (name === "kernels.wasm") binary = contents;
      },
      listFiles: () => sources,
    },
  );
  if (error) throw new Error(`AssemblyScript failed:\n${stderr.toString()}`, { cause: error });
  return binary;
}

/** index.ts with each exported generic function f<T> replaced by f_f32 and f_f64, which WebAssembly can export. */
function instances() {
  return read(new URL("index.ts", kernels)).replace(/^export \{([^}]*)\} from "\.\/(\w+)";$/gm, (line, names, file) => {
    const source = read(new URL(`${file}.ts`, kernels));
    const generic = names.split(",").flatMap((name) => {
      const pattern = new RegExp(`^export function ${name.trim()}<T>\\(([^)]*)\\): (\\w+)`, "m");
      const [found, parameters, result] = pattern.exec(source) ?? [];
      return found ? [{ name: name.trim(), parameters, result }] : [];
    });
    if (generic.length === 0) return line;
    const plain = names.split(",").map((name) => name.trim());
    const kept = plain.filter((name) => name && !generic.some((other) => other.name === name));
    const imports = generic.map(({ name }) => name).join(", ");
    const head = [`import { ${imports} } from "./${file}";`];
    if (kept.length > 0) head.push(`export { ${kept.join(", ")} } from "./${file}";`);
    return [...head, ...generic.flatMap((f) => ["f32", "f64"].map((dtype) => instance(f, dtype)))].join("\n");
  });
}

function instance({ name, parameters, result }, dtype) {
  const typed = parameters.replace(/: T\b/g, `: ${dtype}`);
  const passed = [...parameters.matchAll(/(\w+):/g)].map(([, parameter]) => parameter).join(", ");
  return `export function ${name}_${dtype}(${typed}): ${result} { return ${name}<${dtype}>(${passed}); }`;
}

function read(url) {
  return existsSync(url) ? readFileSync(url, "utf8") : null;
}

function moduleSource(binary) {
  return `export default "${Buffer.from(binary).toString("base64")}";\n`;
}

/** Writes by renaming, so that a build running at the same time never sees half a file. */
function write(name, text) {
  const temporary = new URL(`${name}.${process.pid}`, generated);
  writeFileSync(temporary, text);
  renameSync(temporary, new URL(name, generated));
}

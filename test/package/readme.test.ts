import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import * as kronfac from "kronfac";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const [example, csv, ...others] = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), "readme-"))));
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs code as a module of its own, in a fresh directory, with "kronfac" from src/. Returns what it printed last: an object. */
async function printed(code: string): Promise<Record<string, number>> {
  const file = join(directory, "example.mts");
  writeFileSync(file, code);
  const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [tsx, "--tsconfig", join(root, "tsconfig.json"), file],
    { cwd: directory },
  );
  return Object.fromEntries([...stdout.matchAll(/(\w+): ([-\d.e]+)/g)].map(([, name, value]) => [name, Number(value)]));
}

test("the example is 15 lines that run as pasted and tell the spirals apart", async () => {
  expect(lines(example)).toBeLessThanOrEqual(15);
  const { loss, errorRate } = await printed(example);
  expect(loss).toBeLessThan(0.1);
  expect(errorRate).toBeLessThan(0.02);
});

test("the CSV example is at most 20 lines of code and fits a function of its columns", async () => {
  expect(lines(csv.replaceAll(/^(\/\/.*)?\n/gm, ""))).toBeLessThanOrEqual(20);
  writeFileSync(join(directory, "houses.csv"), ["a,b,price", ...houses].join("\r\n"));
  const { squaredError } = await printed(csv);
  expect(squaredError).toBeLessThan(0.01);
});

test("a field of the CSV that is no number stops the first step with an error that says so", async () => {
  writeFileSync(join(directory, "houses.csv"), ["a,b,price", ...houses, "1,?,3", ""].join("\n"));
  await expect(printed(csv)).rejects.toThrow(/NumericalError\]?: kfac: the batch holds NaN/);
});

test("both examples pass the strict type check", () => {
  expect(others).toEqual([]);
  const config = join(root, "tsconfig.json");
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, (path) => ts.sys.readFile(path)).config,
    ts.sys,
    root,
    {},
    config,
  );
  const files = [example, csv].map((code, i) => join(directory, `${i}.mts`));
  files.forEach((file, i) => writeFileSync(file, [example, csv][i]));
  const program = ts.createProgram(files, options);
  const problems = files.flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)));
  expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
});

test("every file that the README links to is there", () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)]
    .map(([, target]) => target)
    .filter((to) => !to.startsWith("http"));
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((target) => !existsSync(join(root, target)))).toEqual([]);
});

test("every function and class that the README imports or calls by name is exported", () => {
  const named =
    "blockDiagonal blockTridiagonal fisherProducts KroneckerFactors minimiseModel paper setDefaultBackend wasm cpu to read";
  for (const name of [...named.split(" "), "scope", "disposeAll", "Adam", "Sgd", "NumericalError"])
    expect({ readme: readme.includes(name), exported: name in kronfac, name }).toEqual({
      readme: true,
      exported: true,
      name,
    });
});

const houses = Array.from({ length: 300 }, (_, i) => {
  const [x, y] = [Math.sin(i), Math.cos(3 * i)];
  return [10 * x, 5 + y, 100 * (x * y + y)].join(",");
});

const lines = (code: string) => code.trimEnd().split("\n").length;

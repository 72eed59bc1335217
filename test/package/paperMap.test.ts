import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as kfac from "../../src/kfac/index.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const map = readFileSync(join(root, "docs/paper.md"), "utf8");

interface Link {
  readonly text: string;
  readonly file: string;
}

/** Links to files of the repository, whose paths are relative to docs/. Their texts may hold brackets, and code in backticks. */
const links: Link[] = [...map.matchAll(/\[((?:[^[\]\n]|\[[^[\]\n]*\])+)\]\((\.\.\/[^)]+)\)/g)].map(
  ([, text, path]) => ({
    text: text.replaceAll(/\\(?=[*_[\]|<])/g, ""),
    file: join(root, "docs", path),
  }),
);
const named = links.filter(({ text }) => /^`[\w.]+`$/.test(text));
const titled = links.filter(({ text, file }) => !text.startsWith("`") && file.endsWith(".test.ts"));

const read = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : "");

test("every file that the map of the paper names is there", () => {
  expect(links.length).toBeGreaterThan(150);
  expect(links.map(({ file }) => file).filter((file) => !existsSync(file))).toEqual([]);
});

test("every identifier that it names is in the file that it names, declared or defined there", () => {
  expect(named.length).toBeGreaterThan(60);
  const missing = named.filter(({ text, file }) => {
    const source = read(file);
    return !text
      .replaceAll("`", "")
      .split(".")
      .every((name) => declares(source, name));
  });
  expect(missing).toEqual([]);
});

test("every test title that it names is in the file that it names", () => {
  expect(titled.length).toBeGreaterThan(60);
  expect(titled.filter(({ text, file }) => !titles(read(file)).some((title) => title.includes(text)))).toEqual([]);
});

test("every other link is to a file of code, with a name or a title", () => {
  const others = links.filter((link) => !named.includes(link) && !titled.includes(link));
  expect(others.map(({ text }) => text)).toEqual(["`examples/fisher`"]);
});

test("its sections are in the paper's order, and each names code or says that there is none", () => {
  const sections = map.split(/^## /m).slice(1);
  expect(sections.map((section) => /^(§[\d.]+|Appendix \w|Algorithm \d)/.exec(section)?.[1])).toEqual([
    ...["§2.1", "Algorithm 1", "§2.2", "§3", "§3.1", "§4.1", "§4.2", "§4.3", "§4.4", "§5"],
    ...["§6.1", "§6.2", "§6.3", "§6.4", "§6.5", "§6.6", "§7", "§8", "§9", "§10", "§11", "§13"],
    ...["Appendix B", "Appendix C"],
  ]);
  for (const name of ["Algorithm 2", "Appendix A", "Appendix D", "§12"])
    expect(map).toMatch(new RegExp(`^## .*${name}`, "m"));
  expect(sections.filter((section) => !/- code: \[`|\*\*Not implemented:\*\*/.test(section))).toEqual([]);
});

test("every equation of it has code", () => {
  const equations = map.split("\n").flatMap((line, i, lines) => (line.startsWith("- ") ? [lines[i + 1]] : []));
  expect(equations.length).toBeGreaterThan(40);
  expect(equations.filter((next) => !next.startsWith("  - code: [`"))).toEqual([]);
});

test("everything that src/kfac exports is on the map", () => {
  const names = new Set(named.flatMap(({ text }) => text.replaceAll("`", "").split(".")));
  expect(Object.keys(kfac).filter((name) => !names.has(name))).toEqual([]);
});

/** Whether a name is declared at the top of a file, or is a method (private ones without their #), or a property of a constant. */
function declares(source: string, name: string): boolean {
  return new RegExp(
    `^(?:export )?(?:async )?(?:abstract )?(?:function|class|const|interface|type) ${name}\\b|^  (?:async )?(?:get )?#?${name}[(:<]`,
    "m",
  ).test(source);
}

/** The first arguments of test, describe and their `each`: whatever stands in quotation marks on a line that opens with them. */
function titles(source: string): string[] {
  return [
    ...source.matchAll(/(?:\btest|\bdescribe|\))(?:\.each\([^\n]*?\))?\(\s*(?:"((?:[^"\\\n]|\\.)*)"|`([^`\n]*)`)/g),
  ].map(([, quoted = "", template = ""]) => quoted + template);
}

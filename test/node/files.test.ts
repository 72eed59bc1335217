import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { restore } from "../../src/checkpoint/load.js";
import { Adam } from "../../src/kfac/adam.js";
import { loadFile, saveFile } from "../../src/node/files.js";
import { bundleTraining, trainAndKill } from "../support/killing.js";
import { bitsOf, building, trainTo } from "../support/resuming.js";
import { resumed, small } from "../support/savedTraining.js";

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "checkpoints-"))));
afterEach(() => rmSync(directory, { recursive: true }));

const adam = building({}, ({ net, loss }) => new Adam(net, loss));

test("what saveFile wrote, loadFile and restore go on from, and saving again replaces it", async () => {
  const path = join(directory, "run.safetensors");
  const start = adam();
  for (const end of [2, 3]) {
    await trainTo(end, start);
    await saveFile(path, start.net, start.optimizer);
    const other = adam();
    restore(await loadFile(path), other.net, other.optimizer);
    expect(await bitsOf(other)).toEqual(await bitsOf(start));
  }
  expect(readdirSync(directory)).toEqual(["run.safetensors"]);
});

test("saves at the same time leave one of them whole, and nothing beside it", async () => {
  const path = join(directory, "run");
  const start = adam();
  await Promise.all([1, 2, 3].map(() => saveFile(path, start.net, start.optimizer)));
  await loadFile(path);
  expect(readdirSync(directory)).toEqual(["run"]);
});

test("a link goes on being one", async () => {
  const [path, link] = [join(directory, "run"), join(directory, "latest")];
  writeFileSync(path, "");
  symlinkSync(path, link);
  await saveFile(link, adam().net);
  expect(readFileSync(path).length).toBeGreaterThan(100);
});

test("what cannot be written is an error that names the file, and leaves nothing beside it", async () => {
  const { net } = adam();
  mkdirSync(join(directory, "taken", "inside"), { recursive: true });
  await expect(saveFile(join(directory, "taken"), net)).rejects.toThrow(
    /^saveFile: .*taken cannot be written, and is as it was: E/,
  );
  await expect(saveFile(join(directory, "missing", "run"), net)).rejects.toThrow(/missing.*ENOENT/);
  expect(readdirSync(directory)).toEqual(["taken"]);
});

test("what a killed process left beside the file is removed, and what a running one writes is not", async () => {
  const uuid = "01234567-89ab-4cde-8f01-23456789abcd";
  const running = `run.${process.ppid}-${uuid}.tmp`;
  const others = ["run.tmp", `other.${2 ** 30}-${uuid}.tmp`, running];
  for (const name of [...others, `run.${2 ** 30}-${uuid}.tmp`, `run.${process.pid}-${uuid}.tmp`])
    writeFileSync(join(directory, name), "");
  await saveFile(join(directory, "run"), adam().net);
  expect(readdirSync(directory).sort()).toEqual([...others, "run"].sort());
});

test("a damaged file is an error that names it", async () => {
  const path = join(directory, "run");
  writeFileSync(path, "no checkpoint");
  await expect(loadFile(path)).rejects.toThrow(`${path}: load: the file is damaged, or no checkpoint`);
  await expect(loadFile(join(directory, "missing"))).rejects.toThrow("ENOENT");
});

test("killed at any moment, training goes on from its checkpoint to exactly the weights of the uninterrupted run", async () => {
  const path = join(directory, "run");
  const program = await bundleTraining(directory);
  for (const at of [{ after: 30 }, { inWrite: 0.3 }, { inWrite: 0.7 }]) {
    const { said } = await trainAndKill(program, path, "cpu", at);
    const { iteration } = (await resumed(small("cpu"), path)).optimizer;
    expect([said, said + 1]).toContain(iteration);
  }
  const last = await resumed(small("cpu"), path);
  const end = last.optimizer.iteration + 3;
  await last.trainTo(end);
  const whole = small("cpu")();
  await trainTo(end, whole);
  expect(await bitsOf(last)).toEqual(await bitsOf(whole));
});

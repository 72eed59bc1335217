/**
 * Checkpoints where processes and disks fail: `npm run reliability:files`. Prints what it found and exits with 1 where anything is not
 * as it should be.
 *
 * - a process that trains and saves after every step is killed (SIGKILL) again and again, every other time within a write and otherwise at
 *   a random moment; each time the file must load, and at the end training from it must reach exactly the weights of the run that was
 *   never killed;
 * - checkpoints are written to a full disk (a small tmpfs, which takes root); the one before must stay whole.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFile, saveFile } from "../../src/node/files.js";
import { stream } from "../../src/tensor/random.js";
import { bundleTraining, trainAndKill } from "../support/killing.js";
import { bitsOf, trainTo } from "../support/resuming.js";
import { resumed, small } from "../support/savedTraining.js";

const KILLS = Number(process.argv[2] ?? 100);
const directory = mkdtempSync(join(tmpdir(), "kronfac-files-"));
try {
  const program = await bundleTraining(directory);
  for (const backend of ["cpu", "wasm"]) await kills(program, backend, KILLS / 2);
  await fullDisk();
} finally {
  rmSync(directory, { recursive: true });
}

async function kills(program: string, backend: string, count: number): Promise<void> {
  const path = join(directory, backend);
  const moments = stream(1).split(backend);
  let [unfinished, ahead, seconds] = [0, 0, 0];
  for (let kill = 0; kill < count; kill++) {
    const { said, trained } = await trainAndKill(
      program,
      path,
      backend,
      kill % 2 === 0 ? { after: moments.integer(300) } : { inWrite: moments.uniform(1)[0] },
    );
    const { iteration } = (await resumed(small(backend), path)).optimizer; // throws where the file is not whole
    check(iteration === said || iteration === said + 1, `after kill ${kill} the file has ${iteration}, not ${said}`);
    if (iteration > said) ahead++;
    if (readdirSync(directory).some((name) => name.startsWith(`${backend}.`))) unfinished++;
    seconds += trained / 1000;
  }
  const last = await resumed(small(backend), path);
  const { iteration } = last.optimizer;
  const whole = small(backend)();
  await last.trainTo(iteration + 5);
  await trainTo(iteration + 5, whole);
  check(Buffer.compare(await bitsOf(last), await bitsOf(whole)) === 0, `${backend}: the weights are others`);
  console.log(
    `${backend}: killed ${count} times in ${iteration} iterations (${seconds.toFixed(1)} s of training), ${unfinished} times within a ` +
      `write and ${ahead} times between a save and its report; the file loaded ${count} times; ` +
      `five iterations on, weights and state are those of the uninterrupted run, bit for bit`,
  );
}

async function fullDisk(): Promise<void> {
  const disk = join(directory, "disk");
  execFileSync("mkdir", [disk]);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { stdio: "ignore" });
  } catch {
    console.log(
      "full disk: skipped, since no tmpfs can be mounted here: that takes root, and a container may forbid it",
    );
    return;
  }
  try {
    const path = join(disk, "run");
    const start = small("cpu")();
    await trainTo(5, start);
    await saveFile(path, start.net, start.optimizer);
    const before = readFileSync(path);
    const { size } = statSync(path);
    let refused = 0;
    // From no room at all to all but a page of what a second checkpoint takes.
    for (let room = 0; room < size; room += 4096) {
      const filler = join(disk, "filler");
      writeFileSync(filler, new Uint8Array(Math.floor((256 * 1024 - size - room) / 4096) * 4096 - 4096));
      await trainTo(start.optimizer.iteration + 1, start);
      await saveFile(path, start.net, start.optimizer).catch((error: unknown) => {
        check(String(error).includes("ENOSPC"), String(error));
        refused++;
        check(Buffer.compare(readFileSync(path), before) === 0, "the earlier checkpoint is changed");
        check(readdirSync(disk).sort().join() === "filler,run", `left behind: ${readdirSync(disk).join()}`);
      });
      rmSync(filler);
      if (Buffer.compare(readFileSync(path), before) !== 0) break;
    }
    await loadFile(path);
    await saveFile(path, start.net, start.optimizer);
    check((await resumed(small("cpu"), path)).optimizer.iteration === start.optimizer.iteration, "not saved after all");
    check(refused > 0, "the disk was never full");
    console.log(
      `full disk: ${refused} saves of ${size} bytes refused (ENOSPC), the earlier checkpoint untouched each time and no file left; ` +
        `with room again, saved`,
    );
  } finally {
    execFileSync("umount", [disk]);
  }
}

function check(holds: boolean, problem: string): void {
  if (!holds) throw new Error(problem);
}

import { kill, pid } from "node:process";
import { saveFile } from "../../src/node/files.js";
import { resumed, small } from "./savedTraining.js";

/*
 * Trains from the checkpoint in the file that is named, or from the start, and saves after every step, writing a line with the
 * iteration once each is saved, until it is killed: from outside, or by itself at a fraction of the time that its third save takes.
 */

const [path, backend] = process.argv.slice(2);
const fraction = Number(process.argv.at(4) ?? NaN);
const start = await resumed(small(backend), path);
let milliseconds = NaN;
for (let count = 1; ; count++) {
  await start.trainTo(start.optimizer.iteration + 1);
  const begun = performance.now();
  if (count === 3 && !Number.isNaN(fraction)) dieAt(begun + fraction * milliseconds);
  await saveFile(path, start.net, start.optimizer);
  milliseconds = performance.now() - begun;
  process.stdout.write(`${start.optimizer.iteration}\n`);
}

function dieAt(moment: number): void {
  if (performance.now() >= moment) kill(pid, "SIGKILL");
  else setImmediate(dieAt, moment);
}

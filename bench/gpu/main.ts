/** `npm run bench:gpu`: the heavy kernels, tuned beside stock, what a launch costs, and K-FAC iterations, on whatever adapter there is. */
import { Kfac, paper } from "../../src/index.js";
import { open } from "../../src/gpu/devices/open.js";
import type { Device } from "../../src/gpu/devices/device.js";
import { gpu } from "../../src/gpu/index.js";
import { Launcher } from "../../src/gpu/launcher.js";
import type { Resident } from "../../src/gpu/resident.js";
import { loss } from "../../examples/autoencoder/autoencoder.js";
import { runExample } from "../../examples/usage-error.js";
import { makeBatch, makeNetwork } from "../autoencoder.js";
import { machineLine } from "../machine.js";
import { median } from "../statistics.js";
import { duration, percent } from "../table.js";
import { heavyKernels, workOn, type Work } from "./kernels.js";
import { parseGpuOptions, type GpuBenchOptions } from "./options.js";

const SAMPLES = 5;
/** Launches between two read-backs, so that those weigh little. */
const REPEATS = 4;

const write = (text: string) => process.stdout.write(`${text}\n`);

await runExample(async () => {
  const options = parseGpuOptions(process.argv.slice(2));
  if ("help" in options) {
    process.stdout.write(options.help);
    return;
  }
  const device = await open(options.mode);
  write(`${machineLine()}\ngpu.js in mode ${device.mode} on ${device.adapter}\n`);
  await timeKernels(device, options);
  await timeLaunches(device);
  device.destroy();
  if (options.iterations > 0) await timeIterations(options);
});

async function timeKernels(device: Device, { size, tflops, bandwidth }: GpuBenchOptions): Promise<void> {
  write(
    `n = ${size}${" ".repeat(9)}resident  with read-back   TFLOP/s  flop/byte  of roofline      stock  stock / tuned`,
  );
  for (const { name, flops, bytes, tuned, stock } of heavyKernels(device, size)) {
    const resident = await secondsOf(tuned, REPEATS);
    const readBack = await secondsOf(tuned, 1);
    const plain = await secondsOf(stock, REPEATS);
    const floor = Math.max(flops / ((tflops ?? NaN) * 1e12), bytes / ((bandwidth ?? NaN) * 1e9));
    write(
      [
        name.padEnd(12),
        duration(resident).padStart(11),
        duration(readBack).padStart(15),
        (flops / resident / 1e12).toPrecision(3).padStart(9),
        (flops / bytes).toFixed(1).padStart(10),
        percent(floor / resident).padStart(12),
        duration(plain).padStart(10),
        (plain / resident).toFixed(1).padStart(14),
      ].join(" "),
    );
  }
}

/** Seconds a launch, the median over samples, of so many launches and one read-back. */
async function secondsOf({ launch, read, free }: Work, repeats: number): Promise<number> {
  const sample = async () => {
    const started = performance.now();
    let last: Resident | undefined;
    for (let i = 0; i < repeats; i++) {
      if (last !== undefined) free(last);
      last = launch();
    }
    if (last !== undefined) {
      await read(last);
      free(last);
    }
    return (performance.now() - started) / 1000 / repeats;
  };
  await sample();
  const seconds: number[] = [];
  for (let i = 0; i < SAMPLES; i++) seconds.push(await sample());
  return median(seconds);
}

async function timeLaunches(device: Device): Promise<void> {
  const body = { name: "nothing", rank: 1, parameters: { a: "array" }, body: "return a[this.thread.x];" } as const;
  const run = new Launcher(device);
  const one = run.upload(new Float32Array(1));
  const work = workOn(run, () => run.launch(body, [one], [1]));
  const [many, few] = [await secondsOf(work, 1000), await secondsOf(work, 1)];
  write(`\na launch of one cell: ${duration(many)} among a thousand, ${duration(few)} with its read-back`);
}

async function timeIterations({ mode, batch, iterations }: GpuBenchOptions): Promise<void> {
  const backend = await gpu({ mode }).ready();
  const data = makeBatch(backend, batch);
  const kfac = new Kfac(makeNetwork(backend), loss, { ...paper, lambda: 5 });
  write(`\nK-FAC on 784-1000-500-250-30-…, batch ${batch} (it inverts in the first three iterations)`);
  for (let k = 0; k < iterations; k++) {
    const launches = backend.launches;
    const started = performance.now();
    const report = await kfac.step(data);
    write(
      `iteration ${report.iteration}: loss ${report.loss.toFixed(2)}, ${duration((performance.now() - started) / 1000)}, ` +
        `${backend.launches - launches} launches, waited ${report.waits}×, ${backend.liveBuffers} live buffers`,
    );
  }
}

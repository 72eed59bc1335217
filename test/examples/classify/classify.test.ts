import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stream } from "kronfac";
import { parseOptions } from "../../../examples/classify/options.js";
import { run } from "../../../examples/classify/run.js";
import { loadSplit } from "../../../examples/data/load.js";
import type { Run } from "../../../examples/report/trace.js";
import { UsageError } from "../../../examples/usage-error.js";
import { idx } from "../support/idx.js";

const SIDE = 6;
const going = new AbortController().signal;

/** Images of one bright bar, upright or level by class, at one of six places, in noise. */
function bars(count: number, seed: number): Uint8Array[] {
  const noise = stream(seed).uniform(count * SIDE * SIDE);
  const pixels = Array.from(noise, (u, at) => {
    const [n, p] = [Math.floor(at / (SIDE * SIDE)), at % (SIDE * SIDE)];
    const along = n % 2 === 0 ? p % SIDE : Math.floor(p / SIDE);
    return Math.floor(120 * u) + (along === (n >> 1) % SIDE ? 100 : 0);
  });
  const labels = Array.from({ length: count }, (_, n) => n % 2);
  return [idx([count, SIDE, SIDE], pixels), idx([count], labels)];
}

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "classify-"));
  for (const [part, count] of [
    ["train", 200],
    ["t10k", 60],
  ] as const) {
    const [pixels, labels] = bars(count, count);
    writeFileSync(join(directory, `${part}-images-idx3-ubyte`), pixels);
    writeFileSync(join(directory, `${part}-labels-idx1-ubyte`), labels);
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

const words = (line: string) => line.split(" ").filter((word) => word !== "");

async function classified(flags: string) {
  const out = join(directory, "out");
  let written = "";
  const argv = ["--data", directory, "--out", out, "--quiet", "--threads", "1", ...words(flags)];
  const complete = await run(argv, { signal: going, write: (text) => (written += text) });
  const { comparisons } = JSON.parse(readFileSync(join(out, "classify.json"), "utf8")) as {
    comparisons: { network: string; widths: number[]; runs: Run[] }[];
  };
  return { complete, written, comparisons, html: readFileSync(join(out, "report.html"), "utf8") };
}

const SMALL = "--layers 8 --small-layers 4 --batch 100 --iterations 6";

test("every optimizer learns, from the same start, and is judged on images it never saw", async () => {
  const { complete, comparisons, html, written } = await classified(`${SMALL} --equal iterations`);
  expect(complete).toBe(true);
  const [large, small] = comparisons;
  expect(large).toMatchObject({ network: "large", widths: [36, 8, 10] });
  expect(small).toMatchObject({ network: "small", widths: [36, 4, 10] });
  const kfac = ["kfac-block-diagonal", "kfac-block-tridiagonal"];
  expect(large.runs.map(({ optimizer }) => optimizer)).toEqual([...kfac, "adam", "sgd"]);
  expect(small.runs.map(({ optimizer }) => optimizer)).toEqual([...kfac, "natural", "adam", "sgd"]);
  for (const { runs } of comparisons) {
    expect(new Set(runs.map(({ steps }) => steps[0].loss)).size).toBe(1);
    for (const { steps, optimizer } of runs) {
      expect(steps).toHaveLength(6);
      const evaluated = steps.filter(({ heldOutError }) => heldOutError !== undefined);
      expect(evaluated.map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(evaluated[5].trainingLoss).toBeLessThan(evaluated[0].trainingLoss ?? NaN);
      expect(evaluated[5].heldOutLoss).not.toBe(evaluated[5].trainingLoss);
      expect("averagedHeldOutError" in evaluated[0]).toBe(optimizer.startsWith("kfac"));
    }
  }
  for (const { steps } of large.runs.slice(0, 2))
    expect(steps[5].heldOutLoss).toBeLessThan(steps[0].heldOutLoss ?? NaN);
  expect(written).toMatch(/small network, natural gradient: 6 iterations, .* held-out error \d+\.\d\d %/);
  expect(html.match(/<figure>/g)?.length).toBeGreaterThanOrEqual(8);
  expect(html).toContain("K-FAC, block-tridiagonal");
  expect(html).not.toMatch(/<script|NaN|undefined|\[object/);
});

test("Adam and SGD get the seconds of the slower K-FAC, and K-FAC may run without momentum too", async () => {
  const flags = `${SMALL} --networks large --optimizers adam,kfac --inverses block-diagonal --without-momentum`;
  const [{ runs }] = (await classified(flags)).comparisons;
  const [kfac, plain, adam] = runs;
  expect(runs.map(({ optimizer }) => optimizer)).toEqual(["kfac", "kfac-no-momentum", "adam"]);
  expect(kfac.steps.some(({ mu }) => mu !== 0)).toBe(true);
  expect(plain.steps.every(({ mu }) => mu === 0)).toBe(true);
  const seconds = Math.max(...[kfac, plain].map(({ steps }) => steps[5].seconds));
  expect(adam.steps.at(-1)?.seconds).toBeGreaterThanOrEqual(seconds);
  expect(adam.steps.at(-2)?.seconds ?? 0).toBeLessThan(seconds);
});

test("an optimizer whose numbers fail ends there, and the others are reported", async () => {
  const { complete, comparisons, html } = await classified(
    `${SMALL} --networks large --optimizers kfac,sgd --learning-rate sgd=1e30`,
  );
  expect(complete).toBe(false);
  expect(comparisons[0].runs.map(({ ended }) => ended === undefined)).toEqual([true, true, false]);
  expect(html).toMatch(/SGD with Nesterov momentum ended after iteration \d/);
});

test("held out are the t10k files, or the last fifth where there are none", () => {
  expect(loadSplit({ directory })).toMatchObject({ training: { count: 200 }, heldOut: { count: 60 } });
  const { training, heldOut } = loadSplit();
  expect([training.count, heldOut.count]).toEqual([8000, 2000]);
  expect(training.pixels).toHaveLength(8000 * 784);
  for (let digit = 0; digit < 10; digit++) {
    const share = (labels: Uint8Array) => labels.filter((label) => label === digit).length / labels.length;
    expect(share(heldOut.labels)).toBeCloseTo(share(training.labels), 2);
  }
});

test("what cannot be trained is refused in a line that says what to do", async () => {
  const refused = async (flags: string, message: string) => {
    const result = run([...words(flags), "--data", directory, "--out", directory], {
      signal: going,
      write: () => undefined,
    });
    await expect(result).rejects.toThrow(UsageError);
    await expect(result).rejects.toThrow(message);
  };
  await refused("--small-layers 200", "9410 parameters are too many for the natural gradient");
  await refused("--optimizers lbfgs", "Give any of kfac,natural,adam,sgd, separated by commas");
  await refused("--backend cpu --threads 2", "--threads is for the wasm backend");
});

test("flags override the defaults, and a rate for one optimizer leaves the others'", () => {
  expect(parseOptions(words("--learning-rate adam=0.5 --lambda 2"))).toMatchObject({
    learningRate: { adam: 0.5, sgd: 0.3, natural: 0.5 },
    lambda: 2,
    layers: [300, 100],
  });
  expect(parseOptions(["--help"])).toEqual({ help: expect.stringContaining("--natural-lambda <x>") as string });
});

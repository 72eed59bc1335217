import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockTridiagonal, cpu, decodeSafetensors, defaults, exactTikhonov, paper, type Backend } from "kronfac";
import { parseOptions, type Options } from "../../examples/autoencoder/options.js";
import { presets } from "../../examples/autoencoder/presets.js";
import { run } from "../../examples/autoencoder/run.js";
import { settingsFor } from "../../examples/autoencoder/settings.js";
import { train, type Task } from "../../examples/autoencoder/train.js";
import type { Images } from "../../examples/data/images.js";
import type { Contender } from "../../examples/contender.js";
import { loadImages } from "../../examples/data/load.js";
import { isEvaluated, type Run } from "../../examples/report/trace.js";
import { UsageError } from "../../examples/usage-error.js";
import { countingBackend } from "../support/countingBackend.js";
import { idx } from "./support/idx.js";

const SIDE = 6;
const COUNT = 200;

/** Images of one bright bar each, upright or level by class, at one of six places, of one of several brightnesses. */
function bars(): Uint8Array[] {
  const pixels = Array.from({ length: COUNT }, (_, n) =>
    Array.from({ length: SIDE * SIDE }, (_, p) => {
      const along = n % 2 === 0 ? p % SIDE : Math.floor(p / SIDE);
      return along === (n >> 1) % SIDE ? 255 - 10 * (n % 7) : 0;
    }),
  );
  const labels = Array.from({ length: COUNT }, (_, n) => n % 2);
  return [idx([COUNT, SIDE, SIDE], pixels.flat()), idx([COUNT], labels)];
}

let directory: string;
let images: Images;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "autoencoder-"));
  const [pixels, labels] = bars();
  writeFileSync(join(directory, "train-images-idx3-ubyte"), pixels);
  writeFileSync(join(directory, "train-labels-idx1-ubyte"), labels);
  images = loadImages({ directory });
});
afterAll(() => rmSync(directory, { recursive: true }));

const SMALL = "--backend cpu --layers 12,4 --batch 50 --quiet";
const going = new AbortController().signal;

const words = (line: string) => line.split(" ").filter((word) => word !== "");

async function trained(flags: string, signal = going) {
  const out = join(directory, "out");
  let written = "";
  const argv = [...words(`${SMALL} ${flags}`), "--data", directory, "--out", out];
  const complete = await run(argv, { signal, write: (text) => (written += text) });
  const runs = JSON.parse(readFileSync(join(out, "trace.json"), "utf8")) as Run[];
  return { complete, written, runs, html: readFileSync(join(out, "report.html"), "utf8") };
}

function settings(flags: string, backend: Backend = cpu()) {
  return settingsFor(parseOptions(words(flags)) as Options, images, backend);
}

test("K-FAC trains for its iterations, and each baseline until it has had as many seconds", async () => {
  const { runs, complete } = await trained("--iterations 3");
  expect(complete).toBe(true);
  expect(runs.map(({ optimizer }) => optimizer)).toEqual(["kfac", "adam", "sgd"]);
  const [kfac, ...baselines] = runs;
  expect(kfac.steps.map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
  const budget = kfac.steps[2].seconds;
  for (const { steps } of baselines) {
    expect(steps.at(-1)?.seconds).toBeGreaterThanOrEqual(budget);
    for (const { seconds } of steps.slice(0, -1)) expect(seconds).toBeLessThan(budget);
  }
});

test("a trace holds what each step decided, and losses that fall", async () => {
  const { runs } = await trained("--iterations 6");
  for (const { steps } of runs) {
    const evaluated = steps.filter(({ trainingLoss }) => trainingLoss !== undefined);
    expect(evaluated.map(({ iteration }) => iteration)).toEqual(
      steps.map(({ iteration }) => iteration).filter((k) => isEvaluated(k) || k === steps.length),
    );
    expect(evaluated.every(({ squaredError }) => Number.isFinite(squaredError))).toBe(true);
    expect(evaluated.at(-1)?.trainingLoss).toBeLessThan(evaluated[0].trainingLoss ?? NaN);
    expect(steps.map(({ seconds }) => seconds)).toEqual(steps.map(({ seconds }) => seconds).sort((a, b) => a - b));
  }
  const [kfac, adam] = runs;
  for (const step of kfac.steps)
    expect(step).toMatchObject({
      alpha: expect.any(Number) as number,
      mu: expect.any(Number) as number,
      lambda: expect.any(Number) as number,
      gamma: expect.any(Number) as number,
    });
  expect(kfac.steps[4].rho).toEqual(expect.any(Number)); // T₁ = 5
  expect(adam.steps[0]).not.toHaveProperty("lambda");
  expect(kfac.settings).toMatchObject({
    inverse: "block-diagonal",
    lambda: presets.slow.kfac.lambda,
    normConstraint: "none",
    layers: [36, 12, 4, 12, 36],
    batch: 50,
    backend: "cpu",
  });
  expect(adam.settings).toMatchObject({ learningRate: 0.001, eta: defaults.eta, batch: 50 });
});

test("every optimizer starts from the same weights and sees the same minibatches", async () => {
  const { runs } = await trained("--optimizers sgd,adam,kfac --iterations 1");
  const first = runs.map(({ steps }) => steps[0].loss);
  expect(first).toEqual([first[0], first[0], first[0]]);
  const still = await trained("--optimizers adam,sgd --iterations 6 --learning-rate 1e-30");
  const [adam, sgd] = still.runs.map(({ steps }) => steps.map(({ loss }) => loss));
  expect(adam).toEqual(sgd);
  expect(new Set(adam).size).toBe(6);
});

test("--inverse may name several, and K-FAC run without momentum: all before the baselines, which get the longest's seconds", async () => {
  const flags = "--optimizers adam,kfac --inverse block-diagonal,block-tridiagonal --without-momentum --lambda 1";
  const { runs, html } = await trained(`${flags} --iterations 4`);
  expect(runs.map(({ optimizer }) => optimizer)).toEqual([
    "kfac-block-diagonal",
    "kfac-block-tridiagonal",
    "kfac-block-diagonal-no-momentum",
    "kfac-block-tridiagonal-no-momentum",
    "adam",
  ]);
  const [diagonal, tridiagonal, ...others] = runs;
  expect(diagonal.settings).toMatchObject({ inverse: "block-diagonal", momentum: true });
  expect(tridiagonal.settings).toMatchObject({ inverse: "block-tridiagonal", momentum: true });
  expect(tridiagonal.steps[0].loss).toBe(diagonal.steps[0].loss);
  expect(tridiagonal.steps[1].loss).not.toBe(diagonal.steps[1].loss);
  expect(diagonal.steps.some(({ mu }) => mu !== 0)).toBe(true);
  for (const { steps } of others.slice(0, 2)) expect(steps.every(({ mu }) => mu === 0)).toBe(true);
  const longest = Math.max(...runs.slice(0, 4).map(({ steps }) => steps[3].seconds));
  expect(others[2].steps.at(-1)?.seconds).toBeGreaterThanOrEqual(longest);
  expect(html).toContain("What K-FAC, block-tridiagonal, no momentum decided");
});

test("the averaged weights of K-FAC are evaluated beside its weights, where it averages", async () => {
  const { runs, html } = await trained("--optimizers kfac,adam --iterations 5");
  const [kfac, adam] = runs;
  const averaged = kfac.steps.filter(({ averagedTrainingLoss }) => averagedTrainingLoss !== undefined);
  expect(averaged.map(({ iteration }) => iteration)).toEqual([1, 5]);
  expect(averaged[1].averagedTrainingLoss).not.toBe(averaged[1].trainingLoss);
  expect(averaged[1]).toHaveProperty("averagedSquaredError");
  expect(adam.steps[0]).not.toHaveProperty("averagedTrainingLoss");
  expect(html).toContain("Dashed: the whole training set at the averaged weights");
  const paperRuns = await trained("--optimizers kfac --iterations 1 --paper --lambda 1"); // ξ = 0
  expect(paperRuns.runs[0].steps[0]).not.toHaveProperty("averagedTrainingLoss");
});

test("with --schedule K-FAC's minibatches grow to the whole training set, and the baselines' stay", async () => {
  const { runs, html } = await trained("--optimizers kfac,adam --iterations 3 --batch 50 --schedule 2");
  const [kfac, adam] = runs;
  expect(kfac.settings).toMatchObject({ batch: 50, "whole set from iteration": 2 });
  expect(kfac.steps[1].loss).toBeCloseTo(kfac.steps[0].trainingLoss ?? NaN, 3); // the second batch is the whole set
  expect(adam.settings).not.toHaveProperty("whole set from iteration");
  expect(adam.steps[1].loss).not.toBeCloseTo(adam.steps[0].trainingLoss ?? NaN, 3);
  expect(html).toContain("grow from there to the whole set");
});

test("another seed is another start", async () => {
  const losses = await Promise.all(
    ["--seed 1", "--seed 2"].map(async (seed) => {
      const { run } = await train({ family: "adam", name: "adam" }, { iterations: 1 }, task(seed));
      return run.steps[0].loss;
    }),
  );
  expect(losses[0]).not.toBe(losses[1]);
});

test("what K-FAC did beyond an ordinary step goes to the trace", async () => {
  const calibrating: Contender<"kfac"> = { family: "kfac", name: "kfac", kfac: { lambda: "calibrate" } };
  const { run } = await train(calibrating, { iterations: 2 }, task(""));
  expect(run.steps[0].events).toMatchObject([{ kind: "calibrated" }]);
  expect(run.steps[1]).not.toHaveProperty("events");
});

test("the report has the curves, the reconstructions of every optimizer and the settings", async () => {
  const { html, written } = await trained("--iterations 2");
  for (const name of ["K-FAC", "Adam", "SGD with Nesterov momentum"])
    expect(html).toContain(`as reconstructed by the network trained with ${name}"`);
  expect(html).toContain("36-12-4-12-36");
  expect(html.match(/<svg/g)?.length).toBeGreaterThanOrEqual(5);
  expect(written).toMatch(/report\.html and .*trace\.json are written\n$/);
});

test("an optimizer whose numbers fail ends there, with the reason in the trace and the report; the others go on", async () => {
  const { runs, html, written, complete } = await trained("--iterations 2 --learning-rate adam=0.001,sgd=1e30");
  expect(complete).toBe(false);
  const [kfac, , sgd] = runs;
  expect(kfac).not.toHaveProperty("ended");
  expect(sgd.ended).toMatch(/^sgd: .*lower the learning rate$/);
  for (const text of [written, html])
    expect(text).toMatch(/SGD with Nesterov momentum ended after iteration \d: sgd: .*lower the learning rate\./);
});

test("interrupted, it ends after the iteration it is in and reports what was done", async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort()); // as Ctrl-C does: from outside, when the event loop gets a turn
  const { runs, html, written, complete } = await trained("--iterations 100000", controller.signal);
  expect(complete).toBe(false);
  expect(runs.map(({ optimizer, steps }) => [optimizer, steps.length])).toEqual([["kfac", 1]]);
  for (const text of [written, html]) expect(text).toContain("Interrupted, with 1 of 3 optimizers begun.");
});

test("with --save and --resume, two runs are one: the same losses, and the same checkpoint bit for bit", async () => {
  const [whole, half] = ["whole", "half"].map((name) => join(directory, `${name}.safetensors`));
  const flags = "--optimizers kfac --lambda 1 --invert-every 4";
  const { runs: all } = await trained(`${flags} --iterations 7 --save ${whole}`);
  await trained(`${flags} --iterations 5 --save ${half}`);
  const { runs, complete, html } = await trained(`${flags} --iterations 7 --resume ${half} --save ${half}`);
  expect(complete).toBe(true);
  expect(runs[0].steps.map(({ iteration, loss }) => [iteration, loss])).toEqual(
    all[0].steps.slice(5).map(({ iteration, loss }) => [iteration, loss]),
  );
  expect(runs[0].settings).toMatchObject({ "resumed after iteration": 5 });
  expect(html).toContain("resumed after iteration");
  expect(readFileSync(half)).toEqual(readFileSync(whole));
});

test("--save-every saves on the way, and an interrupted run saves what it came to", async () => {
  const file = join(directory, "interrupted.safetensors");
  const seen: unknown[] = [];
  const signal = {
    get aborted() {
      seen.push(existsSync(file) && decodeSafetensors(readFileSync(file)).metadata.get("state.iteration")); // asked once an iteration
      return seen.length === 5;
    },
  } as AbortSignal;
  const { settings: common, ...rest } = task(`--optimizers adam --save ${file} --save-every 2`);
  await train(common.contenders[0], { iterations: 9 }, { ...rest, settings: common, signal });
  expect(seen).toEqual([false, "2", "2", "4", "4"]);
  expect(decodeSafetensors(readFileSync(file)).metadata.get("state.iteration")).toBe("5");
});

test("Ctrl-C during npm start leaves the report, and the exit status of an interrupted program", async () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: { start: string } };
  const [command, ...start] = (scripts.start.split("&& ").at(-1) ?? "").split(" ");
  const out = join(directory, "interrupted");
  const flags = words(`--backend cpu --layers 12,4 --batch 50 --iterations 100000 --data ${directory} --out ${out}`);
  const child = spawn(command, [...start, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.once("data", () => child.kill("SIGINT"));
  let told = "";
  child.stderr.on("data", (text: Buffer) => (told += text.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  expect(told).toContain("stopping after this iteration");
  expect(status).toBe(130);
  expect(readFileSync(join(out, "report.html"), "utf8")).toContain("Interrupted, with 1 of 3 optimizers begun.");
});

test("presets, --paper and flags override each other in this order", () => {
  expect(settings("").kfac).toEqual({ ...presets.slow.kfac, seed: 0 });
  expect(settings("--paper").kfac).toEqual({ ...paper, seed: 0 });
  expect(settings("--paper --lambda 5 --seed 3").kfac).toEqual({ ...paper, lambda: 5, seed: 3 });
  expect(settings("--inverse block-tridiagonal").kfac.inverse).toBe(blockTridiagonal);
  expect(settings("--inverse exact-tikhonov").kfac.inverse).toBe(exactTikhonov);
  expect(settings("--eta 0.5")).toMatchObject({ eta: 0.5, kfac: { eta: 0.5 } });
  const { full } = presets;
  expect(settings("--full")).toMatchObject({
    iterations: full.iterations,
    baselineIterations: full.baselineIterations,
  });
  expect(settings("--full --iterations 9")).not.toHaveProperty("baselineIterations");
  const fast = new Proxy(cpu(), { get: (of, key) => (key === "name" ? "fast" : Reflect.get(of, key)) as unknown });
  expect(settings("", fast)).toMatchObject({ iterations: presets.fast.iterations, batch: COUNT });
});

test("what cannot be trained is refused before training, in a line that says what to do", async () => {
  const refused = async (flags: string, message: string | RegExp) => {
    const result = run(words(flags), { signal: going, write: () => undefined });
    await expect(result).rejects.toThrow(UsageError);
    await expect(result).rejects.toThrow(message);
    await expect(result).rejects.not.toThrow(/\n/);
  };
  await refused(
    `${SMALL} --data ${directory} --batch 201`,
    /^--batch 201 is more than the 200 images of .*; give at most 200$/,
  );
  const file = join(directory, "train-labels-idx1-ubyte");
  await refused(
    `${SMALL} --data ${directory} --out ${file}`,
    `--out ${file}: cannot be made (EEXIST); give a directory that can be written to`,
  );
  const train = `${SMALL} --data ${directory} --out ${join(directory, "refused")}`;
  await refused(`${train} --save x`, /^--save is of one optimizer, and 3 train; add --optimizers kfac$/);
  await refused(`${train} --save-every 3`, "--save-every says how often, but not where; add --save FILE");
  const one = `${train} --optimizers adam --iterations 2`;
  await refused(`${one} --resume ${file}`, /^--resume .*idx1-ubyte: load: the file is damaged, or no checkpoint/);
  await refused(`${one} --resume nowhere`, "--resume nowhere: cannot be read (ENOENT); give a file that --save wrote");
  await refused(`${one} --save ${directory}/nowhere/x`, /^--save saveFile: .* cannot be written/);
  const saved = join(directory, "adam.safetensors");
  await run(words(`${one} --save ${saved}`), { signal: going, write: () => undefined });
  await refused(`${one} --resume ${saved}`, /it is at iteration 2; give --iterations above that$/);
  await refused(
    `${train} --optimizers sgd --iterations 9 --resume ${saved}`,
    /that of adam, and the optimizer is sgd; give the flags that it was saved under$/,
  );
  await refused(`--data ${directory}/nowhere`, "there is no such directory");
  await refused("--iterations none", "Give a whole number of at least 1");
});

test("--help is written, and nothing is trained", async () => {
  let written = "";
  expect(await run(["--help"], { signal: going, write: (text) => (written += text) })).toBe(true);
  expect(written).toContain("--iterations <n>");
});

test.each(["kfac", "adam", "sgd"] as const)(
  "%s keeps as much memory after twelve iterations as after four",
  async (name) => {
    const backend = countingBackend();
    const live: number[] = [];
    const signal = {
      get aborted() {
        live.push(backend.live); // asked once an iteration
        return false;
      },
    } as AbortSignal;
    const { settings: common, ...rest } = task(`--lambda 1 --optimizers ${name}`);
    const [contender] = common.contenders;
    await train(contender, { iterations: 13 }, { ...rest, settings: { ...common, backend }, signal });
    expect(live).toHaveLength(12);
    expect(new Set(live.slice(3)).size).toBe(name === "kfac" ? 2 : 1); // the factors of its inverse are a second set, until it is new
    expect(backend.live).toBe(0);
  },
);

function task(flags: string): Task {
  return { images, settings: settings(`${SMALL} ${flags}`), quiet: true, signal: going };
}

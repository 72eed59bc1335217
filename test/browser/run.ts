/**
 * `npm run test:browser`: the suites of test/ in headless Chromium, and training under a strict content security policy; all of it
 * once in cross-origin isolated pages, which may share memory between threads, and once in others. Then the suites of what gpu.js
 * computes, on WebGPU and on WebGL 2, under a policy that allows no eval. CHROMIUM names the browser.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { bundle } from "./bundle.js";
import type { Outcome } from "./page/jest.js";
import type { Training } from "./page/training.js";
import { serve, type Workers } from "./server.js";
import { gpuSuites, suites } from "./suites.js";
import { losses } from "./training.js";

/** With software WebGPU, `gc()`, and no wish for the network. */
const flags = [
  "--js-flags=--expose-gc",
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Milliseconds that a page may take. */
const LIMIT = 600_000;

interface TrainingPlace {
  readonly title: string;
  readonly query: `in=${"page" | "worker"}&workers=${Workers}`;
}
const trainingPlaces: readonly TrainingPlace[] = [
  { title: "On a page's main thread", query: "in=page&workers=allowed" },
  { title: "In a Worker", query: "in=worker&workers=allowed" },
  { title: "On a page that may start no workers", query: "in=page&workers=refused" },
];
const nodeLosses = { one: await losses(1), two: await losses(2) };

const total = { passed: 0, failed: 0 };

const entries = ["suite.ts", "training.ts", "trainingWorker.ts"].map((name) => `test/browser/page/${name}`);
const laws = suites();
const scripts = await bundle([...new Set([...entries, ...laws, ...Object.values(gpuSuites).flat()])]);
scripts.set("mocha.js", readFileSync(createRequire(import.meta.url).resolve("mocha/mocha.js")));

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
console.log(`Chromium ${browser.version()}`);
try {
  for (const isolated of [true, false]) {
    await using site = await serve(scripts, isolated);
    console.log(isolated ? "\nCross-origin isolated pages" : "\nPages that are not isolated");
    const context = await browser.newContext({ baseURL: site.origin });
    for (const suite of laws) await runSuite(context, suite, isolated);
    for (const place of trainingPlaces) await train(context, place, isolated);
    await context.close();
  }
  await using site = await serve(scripts, true);
  const context = await browser.newContext({ baseURL: site.origin });
  for (const [mode, itsSuites] of Object.entries(gpuSuites)) {
    console.log(`\ngpu.js in mode ${mode}`);
    for (const suite of itsSuites) await runSuite(context, suite, true, `&gpu=${mode}`);
  }
  await context.close();
} finally {
  await browser.close();
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

async function runSuite(context: BrowserContext, suite: string, isolated: boolean, query = ""): Promise<void> {
  await report(suite, () =>
    visit<Outcome>(context, `/suite?suite=${suite.replace(/ts$/, "js")}${query}`, isolated).then((outcome) =>
      outcome.passed + outcome.failures.length > 0 ? outcome : { ...outcome, failures: ["the suite has no tests"] },
    ),
  );
}

async function train(context: BrowserContext, place: TrainingPlace, isolated: boolean): Promise<void> {
  const { title, query } = place;
  await report(
    `${title}, under a strict policy, training has the losses that it has in Node, bit for bit`,
    async () => {
      const training = await visit<Training>(context, `/training?${query}`, isolated);
      const expected = isolated ? nodeLosses.two : nodeLosses.one;
      const failures: string[] = [];
      if (!training.evalRefused) failures.push("the policy was not in force: eval is allowed");
      if (training.losses.join() !== expected.join())
        failures.push(`losses are\n${training.losses.join("\n")}\nbut Node has\n${expected.join("\n")}`);
      return { passed: failures.length === 0 ? 1 : 0, skipped: 0, failures };
    },
  );
}

/** Counts and prints an outcome; one that never came is a failure. */
async function report(title: string, run: () => Promise<Outcome>): Promise<void> {
  const start = performance.now();
  const failed = (error: unknown) => ({
    passed: 0,
    skipped: 0,
    failures: [error instanceof Error ? error.message : String(error)],
  });
  const { passed, skipped, failures } = await run().catch(failed);
  total.passed += passed;
  total.failed += failures.length;
  const counts = `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ""}, ${failures.length} failed`;
  console.log(`${title}: ${counts} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  for (const failure of failures) console.log(`  ✗ ${failure.replaceAll("\n", "\n    ")}`);
}

/** Opens an address in a page of its own and waits for the `outcome` that its script promises. */
async function visit<T>(context: BrowserContext, address: string, isolated: boolean): Promise<T> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  try {
    const broken = new Promise<never>((_, reject) => {
      page.on("pageerror", reject);
      page.on("crash", () => reject(new Error("the page crashed")));
      setTimeout(() => reject(new Error(`no outcome in ${LIMIT / 1000} s`)), LIMIT).unref();
    });
    return await Promise.race([outcomeOf<T>(page, address, isolated), broken]);
  } catch (error) {
    throw new Error([String(error), ...complaints].join("\n"), { cause: error });
  } finally {
    await page.close();
  }
}

async function outcomeOf<T>(page: Page, address: string, isolated: boolean): Promise<T> {
  await page.goto(address);
  if ((await page.evaluate("crossOriginIsolated")) !== isolated)
    throw new Error(`crossOriginIsolated is not ${isolated}`);
  return await page.evaluate<T>("globalThis.outcome");
}

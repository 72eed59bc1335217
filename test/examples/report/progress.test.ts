import { PassThrough } from "node:stream";
import { describe as line, progress } from "../../../examples/report/progress.js";
import type { TraceStep } from "../../../examples/report/trace.js";

const step = (iteration: number): TraceStep => ({ iteration, seconds: iteration / 2, loss: 100 / iteration });

function recorder({ isTTY = false } = {}) {
  const stream = Object.assign(new PassThrough(), { isTTY });
  return { stream, written: () => String(stream.read() ?? "") };
}

test("a step is told with its loss, λ, γ, α and time, and what it does not report is left out", () => {
  const kfac = { ...step(3), lambda: 4.5, gamma: 0.25, alpha: 1.25e-5 };
  expect(line(kfac, { iterations: 20 })).toBe("iteration 3/20 · loss 33.33 · λ 4.500 · γ 0.2500 · α 1.25e-5 · 1.5 s");
  expect(line(step(3), { seconds: 60 })).toBe("iteration 3 · loss 33.33 · 1.5/60.0 s");
});

test("away from a terminal, the first step, one every ten seconds and the last each get a whole line", () => {
  const { stream, written } = recorder();
  let clock = 0;
  const shown = progress("K-FAC", { iterations: 9 }, { stream, now: () => clock });
  for (let iteration = 1; iteration <= 9; iteration++) {
    shown.update(step(iteration));
    clock += 4;
  }
  shown.stop();
  const lines = written().split("\n");
  expect(lines.map((text) => /^K-FAC iteration (\d)\/9 · loss .* s$/.exec(text)?.[1])).toEqual([
    "1",
    "4",
    "7",
    "9",
    undefined,
  ]);
  expect(lines.at(-1)).toBe("");
});

test("the last line is not written twice", () => {
  const { stream, written } = recorder();
  const shown = progress("Adam", { seconds: 1 }, { stream });
  shown.update(step(1));
  shown.stop();
  expect(written()).toBe("Adam iteration 1 · loss 100.0 · 0.5/1.0 s\n");
});

test("on a terminal a bar shows how far the run is from its goal", () => {
  const { stream, written } = recorder({ isTTY: true });
  const shown = progress("K-FAC", { iterations: 4 }, { stream });
  shown.update(step(1));
  shown.stop();
  const last = written();
  expect(last).toContain("K-FAC █████░░░░░░░░░░░░░░░ iteration 1/4 · loss 100.0 · 0.5 s");
});

test("a run that overshoots its seconds fills the bar and no more", () => {
  const { stream, written } = recorder({ isTTY: true });
  const shown = progress("SGD", { seconds: 1 }, { stream });
  shown.update(step(5));
  shown.stop();
  expect(written()).toContain(`SGD ${"█".repeat(20)} iteration 5`);
});

test("quiet means silent", () => {
  const { stream, written } = recorder();
  const shown = progress("K-FAC", { iterations: 1 }, { stream, quiet: true });
  shown.update(step(1));
  shown.stop();
  expect(written()).toBe("");
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderReport, writeReport, type Report } from "../../../examples/report/report.js";

const originals = Float32Array.of(0, 1, 1, 0, 1, 0, 0, 1);
const report: Report = {
  title: "Digits & <codes>",
  summary: "784–30–784",
  runs: [
    {
      optimizer: "kfac",
      settings: { lambda: 5, layers: [784, 30], note: '<script>alert("x")</script>' },
      steps: [
        {
          iteration: 1,
          seconds: 2,
          loss: 540,
          trainingLoss: 530.5,
          squaredError: 201.5,
          lambda: 5,
          gamma: 2.25,
          alpha: 0.5,
          mu: 0,
        },
        { iteration: 2, seconds: 4, loss: 123.456, lambda: 4, gamma: 2, alpha: 0.5, mu: 0.5 },
      ],
    },
    {
      optimizer: "adam",
      settings: { learningRate: 0.001 },
      steps: [{ iteration: 1, seconds: 1, loss: 541, trainingLoss: 535, squaredError: 205 }],
    },
  ],
  pictures: {
    width: 2,
    height: 2,
    originals,
    reconstructions: [
      { optimizer: "kfac", images: originals.map((value) => value / 2) },
      { optimizer: "adam", images: originals.map((value) => value / 4) },
    ],
  },
};

/** Without the white space around tags. */
const compact = (text: string) => text.replace(/\s*(<[^>]*>)\s*/g, "$1");
const count = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;

describe("the report", () => {
  let page: string;
  beforeAll(async () => (page = compact(await renderReport(report))));

  test("is self-contained: no script, and nothing to fetch", () => {
    expect(page).not.toMatch(/<script|<link|<iframe|@import|url\(/);
    const sources = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source]) => source);
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.every((source) => source.startsWith("data:image/png;base64,"))).toBe(true);
  });

  test("escapes what it shows", () => {
    expect(page).toContain("<title>Digits &amp; &lt;codes&gt;</title>");
    expect(page).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
  });

  test("draws the loss by iteration and by seconds, the squared error, and K-FAC's damping and step", () => {
    expect(count(page, /<figure>/g)).toBe(5);
    expect(count(page, /<svg /g)).toBe(5);
    for (const title of ["iteration", "seconds of training", "damping"]) expect(page).toContain(`>${title}</text>`);
  });

  test("says in words what every chart and picture shows", () => {
    expect(count(page, /role="img" aria-label="[^"]+"/g)).toBe(5);
    expect(count(page, /<img [^>]*alt="[^"]+"/g)).toBe(count(page, /<img /g));
    expect(count(page, /<caption>/g)).toBe(count(page, /<table/g));
  });

  test("shows the originals and a row for each optimizer", () => {
    expect(count(page, /<img /g)).toBe(3);
    expect(new Set([...page.matchAll(/src="([^"]*)"/g)].map(([, source]) => source)).size).toBe(3);
  });

  test("gives where each optimizer ended, with the iteration of its last evaluation", () => {
    const row = /<th scope="row">K-FAC<\/th>(<td>.*?)<\/tr>/s.exec(page)?.[1] ?? "";
    const cells = [...row.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell);
    expect(cells).toEqual(["2", "4.000", "2000", "123.5", "530.5 (1)", "201.5 (1)"]);
  });

  test("shows each optimizer's settings, and a dash for those it lacks", () => {
    const row = (key: string) => new RegExp(`<th scope="row">${key}</th>(.*?)</tr>`, "s").exec(page)?.[1];
    expect(row("lambda")).toBe("<td>5</td><td>–</td>");
    expect(row("learningRate")).toBe("<td>–</td><td>0.001</td>");
    expect(row("layers")).toBe("<td>784, 30</td><td>–</td>");
  });
});

test("a run without a step, or whose loss is not finite, is still reported", async () => {
  const page = compact(
    await renderReport({
      ...report,
      runs: [
        { optimizer: "sgd", settings: {}, steps: [] },
        { optimizer: "adam", settings: {}, steps: [{ iteration: 1, seconds: 1, loss: NaN, trainingLoss: NaN }] },
      ],
    }),
  );
  expect(page).not.toContain("<svg");
  expect(page).toContain("<td>NaN</td>");
  expect(page).toContain('<th scope="row">SGD with Nesterov momentum</th><td>–</td>');
});

test("the report is written where it is asked for", async () => {
  const directory = mkdtempSync(join(tmpdir(), "report-"));
  try {
    const file = await writeReport(join(directory, "new"), report);
    expect(file).toBe(join(directory, "new", "report.html"));
    expect(readFileSync(file, "utf8")).toBe(await renderReport(report));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

import { Html, html } from "../../examples/report/html.js";
import { figure } from "../../examples/report/figure.js";
import { isSuspect, placeOf, shareOfPeak, type Row } from "../row.js";
import { duration, percent } from "../table.js";
import { rateChart, timeChart } from "./chart.js";

/** The rows as a page that needs no network and runs no script. */
export async function renderPage(rows: readonly Row[], machine: string): Promise<string> {
  const suites = [...new Set(rows.map(({ suite }) => suite))];
  const sections = await Promise.all(
    suites.map((suite) =>
      section(
        suite,
        rows.filter((row) => row.suite === suite),
      ),
    ),
  );
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>kronfac: benchmarks</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          <h1>kronfac: benchmarks</h1>
          <p>${machine}</p>
          <p>
            Times are medians, the spread is the interquartile range over the median, and the peak is what one core
            reached in registers beside the row. A row is marked where that peak was under 0.95 of what the machine can
            do.
          </p>
          ${sections}
        </main>
      </body>
    </html> `;
  return page.text;
}

const STYLE = new Html(`
      :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
      body { margin: 0; }
      main { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
      figure { margin: 1.5rem 0; }
      figcaption { opacity: 0.8; font-size: 0.9rem; }
      .wide { overflow-x: auto; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
      th, td { padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); text-align: left; white-space: nowrap; }
      td.number { text-align: right; }
      tr.busy { opacity: 0.6; }
    `);

async function section(suite: string, rows: readonly Row[]): Promise<Html> {
  return html`<h2>${suite}</h2>
    ${await figures(suite, rows)}
    <div class="wide">
      <table>
        <thead>
          <tr>
            ${HEADS.map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(tableRow)}
        </tbody>
      </table>
    </div>`;
}

/** A chart a dtype where sizes vary, one of bars where they do not. */
async function figures(suite: string, rows: readonly Row[]): Promise<Html[]> {
  const varied = new Set(rows.map(({ n }) => n)).size > 1;
  if (!varied) {
    const caption = `${suite}: milliseconds.`;
    return [figureOf(caption, await timeChart(rows, caption))];
  }
  const dtypes = [...new Set(rows.map(({ dtype }) => dtype))];
  return Promise.all(
    dtypes.map(async (dtype) => {
      const caption = `${suite}, ${dtype}: GFLOP/s by size; dashed, the peak of one core.`;
      const chart = await rateChart(
        rows.filter((row) => row.dtype === dtype),
        caption,
      );
      return figureOf(caption, chart);
    }),
  );
}

function figureOf(caption: string, svg: Html): Html {
  return html`<figure>
    <div class="wide" role="img" aria-label="${caption}">${svg}</div>
    <figcaption>${caption}</figcaption>
  </figure>`;
}

const HEADS = ["operation", "n", "dtype", "backend", "module", "time", "spread", "GFLOP/s", "of peak", "peak", ""];

function tableRow(row: Row): Html {
  const words = [row.operation, String(row.n), row.dtype, placeOf(row), row.module];
  const numbers = [
    duration(row.seconds),
    percent(row.spread),
    figure(row.gflops),
    percent(shareOfPeak(row)),
    figure(row.peakGflops),
  ];
  return html`<tr class="${isSuspect(row) ? "busy" : ""}">
    ${words.map((word) => html`<td>${word}</td>`)} ${numbers.map((number) => html`<td class="number">${number}</td>`)}
    <td>${isSuspect(row) ? "busy machine" : ""}</td>
  </tr>`;
}

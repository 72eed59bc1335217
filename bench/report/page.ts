import { figure } from "../../examples/report/figure.js";
import { html, type Html } from "../../examples/report/html.js";
import { page } from "../../examples/report/page.js";
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
  return page({
    title: "kronfac: benchmarks",
    summary: machine,
    body: [
      html`<p>
        Times are medians, the spread is the interquartile range over the median, and the peak is what one core reached
        in registers beside the row. A row is marked where that peak was under 0.95 of what the machine can do.
      </p>`,
      ...sections,
    ],
  });
}

async function section(suite: string, rows: readonly Row[]): Promise<Html> {
  return html`<h2>${suite}</h2>
    ${await figures(suite, rows)}
    <div class="wide">
      <table class="numbers">
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
  return html`<tr>
    ${words.map((word) => html`<th scope="row">${word}</th>`)} ${numbers.map((number) => html`<td>${number}</td>`)}
    <td>${isSuspect(row) ? "busy machine" : ""}</td>
  </tr>`;
}

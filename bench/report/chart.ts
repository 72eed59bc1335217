import { draw } from "../../examples/report/draw.js";
import type { Html } from "../../examples/report/html.js";
import { placeOf, type Row } from "../row.js";

const WIDTH = 560;
const HEIGHT = 260;
const LEGEND = { columns: 3 };

/** GFLOP/s by size, a curve for each operation at each place; dashed, the peak of one core. All rows are of one dtype. */
export function rateChart(rows: readonly Row[], description: string): Promise<Html> {
  const values = rows.map((row) => ({ ...row, curve: `${row.operation} · ${placeOf(row)}` }));
  const sizes = [...new Set(rows.map(({ n }) => n))].sort((a, b) => a - b);
  const x = { field: "n", type: "quantitative" as const, scale: { type: "log" as const, base: 2 } };
  return draw({
    ...frame(description, values),
    layer: [
      {
        mark: { type: "line", strokeWidth: 2, point: { filled: true, size: 40 } },
        encoding: {
          x: { ...x, title: "n", axis: { values: sizes } },
          y: { field: "gflops", type: "quantitative", title: "GFLOP/s" },
          color: { field: "curve", type: "nominal", title: null, legend: LEGEND },
        },
      },
      {
        mark: { type: "line", strokeDash: [4, 4], opacity: 0.6 },
        encoding: { x, y: { field: "peakGflops", type: "quantitative" } },
      },
    ],
  });
}

/** Milliseconds as bars, for rows that do not vary in size. */
export function timeChart(rows: readonly Row[], description: string): Promise<Html> {
  const values = rows.map((row) => ({
    ...row,
    bar: `${row.operation} · ${row.dtype}`,
    place: placeOf(row),
    ms: 1000 * row.seconds,
  }));
  return draw({
    ...frame(description, values),
    height: { step: 22 },
    mark: { type: "bar" },
    encoding: {
      y: { field: "bar", type: "nominal", title: null },
      yOffset: { field: "place" },
      x: { field: "ms", type: "quantitative", title: "milliseconds" },
      color: { field: "place", type: "nominal", title: null, legend: LEGEND },
    },
  });
}

function frame(description: string, values: object[]) {
  return { description, width: WIDTH, height: HEIGHT, data: { values } };
}

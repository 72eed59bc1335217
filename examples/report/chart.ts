import { draw } from "./draw.js";
import type { Html } from "./html.js";

/** A named curve. Curves of one name share a colour: a line, a line with a mark at each point, a dashed or a thin pale line. */
export interface Curve {
  readonly name: string;
  readonly style: "line" | "marked" | "dashed" | "faint";
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Axes {
  readonly x: string;
  readonly y: string;
  /** Equal ratios along x are equal distances; points at 0 or below are left out. */
  readonly logX?: boolean;
  /** What the picture shows, for those who do not see it. */
  readonly description: string;
}

/** A range over which a linear axis would flatten the end of a curve. */
const LOG_FROM_RATIO = 4;

/** Colours told apart without red and green (Okabe and Ito), of enough contrast on white and on black. */
const COLOURS = ["#d55e00", "#0081c8", "#009e73", "#c874a5", "#b8860b", "#808080"];

/** Draws curves as SVG; text takes the colour of the page. Points that are not finite are left out. */
export function chart(curves: readonly Curve[], { x, y, logX = false, description }: Axes): Promise<Html> {
  const values = curves.flatMap(({ name, style, points }) =>
    points
      .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y) && !(logX && point.x <= 0))
      .map((point) => ({ ...point, name, style })),
  );
  const names = [...new Set(curves.map(({ name }) => name))];
  const columns = legendColumns(names);
  const whole = values.every((value) => Number.isInteger(value.x));
  const heights = values.map((value) => value.y);
  return draw({
    description,
    width: WIDTH,
    height: 280,
    autosize: { type: "pad", contains: "content" },
    data: { values },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        title: x,
        ...(logX
          ? { scale: { type: "log" as const, nice: false }, axis: { tickCount: 10 } }
          : { axis: { tickCount: 10, ...(whole && { tickMinStep: 1 }) } }),
      },
      y: { field: "y", type: "quantitative", title: y, scale: scaleFor(heights), axis: { tickCount: 8 } },
      color: {
        field: "name",
        type: "nominal",
        title: null,
        scale: { domain: names, range: COLOURS },
        legend: { columns },
      },
    },
    layer: [
      {
        transform: [{ filter: "datum.style == 'faint'" }],
        mark: { type: "line", strokeWidth: 1, opacity: 0.45 },
      },
      {
        transform: [{ filter: "datum.style == 'dashed'" }],
        mark: { type: "line", strokeWidth: 1.5, strokeDash: [5, 3] },
      },
      {
        transform: [{ filter: "datum.style == 'line' || datum.style == 'marked'" }],
        mark: { type: "line", strokeWidth: 2 },
      },
      {
        transform: [{ filter: "datum.style == 'marked'" }],
        mark: { type: "point", filled: true, size: 40, opacity: 1 },
        encoding: { shape: { field: "name", type: "nominal", title: null, scale: { domain: names } } },
      },
    ],
  });
}

const WIDTH = 560;

/** As many names in a row of the legend as are not wider than the chart, at some 7 pixels a letter. */
function legendColumns(names: readonly string[]): number {
  const widest = Math.max(...names.map(({ length }) => 7 * length + 45));
  return Math.max(1, Math.min(names.length, Math.floor((WIDTH + 60) / widest)));
}

function scaleFor(heights: readonly number[]) {
  const least = heights.reduce((a, b) => Math.min(a, b), Infinity);
  const most = heights.reduce((a, b) => Math.max(a, b), -Infinity);
  if (least > 0 && most / least > LOG_FROM_RATIO) {
    return { type: "log" as const, domain: [least / 1.1, most * 1.1], nice: false };
  }
  return { zero: false };
}

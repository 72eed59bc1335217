import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { Html } from "./html.js";

/** Text and axes take the colour of the page. */
const THEME = {
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    domainColor: "currentColor",
    tickColor: "currentColor",
    gridColor: "currentColor",
    gridOpacity: 0.15,
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: "normal",
  },
  legend: { labelColor: "currentColor", labelFontSize: 13, labelLimit: 0, symbolOpacity: 1, orient: "top" },
} as const;

/** A chart as SVG, in the theme of every report. */
export async function draw(spec: TopLevelSpec): Promise<Html> {
  const themed: TopLevelSpec = { background: "transparent", padding: 4, ...spec, config: THEME };
  const view = new View(parse(compile(themed).spec), { renderer: "none" });
  try {
    return new Html(await view.toSVG());
  } finally {
    view.finalize();
  }
}

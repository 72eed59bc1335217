import { chart, type Axes, type Curve } from "./chart.js";
import { html, type Html } from "./html.js";

/** A chart with its caption; nothing where there is nothing to draw. */
export async function chartFigure(
  curves: readonly Curve[],
  { caption, ...axes }: Omit<Axes, "description"> & { readonly caption: string },
): Promise<Html> {
  const drawn = curves.filter((curve) => curve.points.length > 0);
  if (drawn.length === 0) return html``;
  const svg = await chart(drawn, { ...axes, description: caption });
  return html`<figure>
    <div class="wide" role="img" aria-label="${caption}">${svg}</div>
    <figcaption>${caption}</figcaption>
  </figure>`;
}

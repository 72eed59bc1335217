import { PNG } from "pngjs";
import { figure } from "./figure.js";
import { html, Html } from "./html.js";

/** A square matrix of sizes (0 or more) whose rows and columns fall into named blocks. */
export interface BlockMatrix {
  /** [n, n], row-major. */
  readonly values: ArrayLike<number>;
  /** Where each block begins, and n. */
  readonly edges: readonly number[];
  readonly names: readonly string[];
}

/** The value that the colour bar ends with; what is above is drawn as if it were this. */
export interface Scale {
  readonly most: number;
  readonly title: string;
}

/** Width and height of a picture on the page, in CSS pixels. */
export const SIDE = 420;
/** Of the margin that holds the names of blocks. */
const MARGIN = 22;

/**
 * A matrix as a picture with its blocks outlined and named: a pixel an entry, or a pixel the mean of a square of entries where
 * there are more than `SIDE` a row. `title` says what it shows.
 */
export function heatMap(matrix: BlockMatrix, { most }: Scale, title: Html): Html {
  const n = sizeOf(matrix);
  const { values, side } = pooled(matrix.values, n, Math.ceil(n / SIDE));
  const png = pngOf(values, side, most);
  return blockPicture(
    matrix,
    title,
    html`<image href="${png}" width="${SIDE}" height="${SIDE}" preserveAspectRatio="none" />`,
  );
}

/** The mean of every block, as a square of its colour with its number in it. */
export function blockMap(matrix: BlockMatrix, { most }: Scale, title: Html): Html {
  const means = blockMeans(matrix);
  const at = positions(matrix);
  const cells = means.flatMap((row, i) =>
    row.map((mean, j) => {
      const share = Math.min(1, mean / most);
      const [x, y, width, height] = [at[j], at[i], at[j + 1] - at[j], at[i + 1] - at[i]].map((v) => v.toFixed(2));
      const middle = [(at[j] + at[j + 1]) / 2, (at[i] + at[i + 1]) / 2].map((v) => v.toFixed(2));
      return html`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${css(colour(share))}" /><text
          x="${middle[0]}"
          y="${middle[1]}"
          class="${share > 0.6 ? "dark" : "light"}"
          dominant-baseline="central"
        >
          ${figure(mean)}
        </text>`;
    }),
  );
  return blockPicture(matrix, title, html`${cells}`);
}

/** The mean of each block: [blocks][blocks]. */
export function blockMeans(matrix: BlockMatrix): number[][] {
  const n = sizeOf(matrix);
  const { values, edges } = matrix;
  return edges.slice(1).map((bottom, i) =>
    edges.slice(1).map((right, j) => {
      let sum = 0;
      for (let row = edges[i]; row < bottom; row++)
        for (let column = edges[j]; column < right; column++) sum += values[row * n + column];
      return sum / ((bottom - edges[i]) * (right - edges[j]));
    }),
  );
}

/** The scale of a row of pictures: colours from 0 to `most`, with ticks. */
export function colourBar({ most, title }: Scale): Html {
  const steps = Array.from(
    { length: BAR_STEPS },
    (_, i) =>
      html`<rect
        x="${20 + i * BAR_STEP}"
        width="${BAR_STEP}"
        height="12"
        fill="${css(colour((i + 0.5) / BAR_STEPS))}"
      />`,
  );
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      html`<text x="${20 + 400 * share}" y="32">${share === 1 ? "≥ " : ""}${figure(share * most)}</text>
        <line x1="${20 + 400 * share}" x2="${20 + 400 * share}" y1="12" y2="18" stroke="currentColor" />`,
  );
  return html`<svg class="scale" width="460" height="56" viewBox="0 0 460 56" role="img" aria-label="${title}">
    <g shape-rendering="crispEdges">${steps}</g>
    ${ticks}
    <text x="220" y="51">${title}</text>
  </svg>`;
}

/** Of the colour bar, which is 400 wide. */
const BAR_STEPS = 80;
const BAR_STEP = 400 / BAR_STEPS;

/** Pictures beside each other, over the scale that they share. */
export function pictureRow(pictures: readonly Html[], scale: Scale | undefined, caption: Html | string): Html {
  return html`<figure class="heat">
    <div class="row">${pictures}</div>
    ${scale ? colourBar(scale) : ""}
    <figcaption>${caption}</figcaption>
  </figure>`;
}

function blockPicture(matrix: BlockMatrix, title: Html, inside: Html): Html {
  const at = positions(matrix);
  const lines = at.slice(1, -1).map((x) => `M${x.toFixed(2)} 0V${SIDE}M0 ${x.toFixed(2)}H${SIDE}`);
  const middles = matrix.names.map((name, i) => ({ name, middle: ((at[i] + at[i + 1]) / 2).toFixed(2) }));
  return html`<div class="picture">
    <p>${title}</p>
    <svg
      width="${SIDE + MARGIN}"
      height="${SIDE + MARGIN}"
      viewBox="${-MARGIN} ${-MARGIN} ${SIDE + MARGIN} ${SIDE + MARGIN}"
      role="img"
      aria-label="${plain(title)}"
    >
      ${inside}
      <path d="${lines.join("")}" stroke="#fff" stroke-width="1" stroke-opacity="0.75" stroke-dasharray="4 3" />
      ${middles.map(
        ({ name, middle }) =>
          html`<text x="${middle}" y="-7">${name}</text
            ><text class="end" x="-6" y="${middle}" dominant-baseline="central">${name}</text>`,
      )}
    </svg>
  </div>`;
}

/** Text alone. */
function plain({ text }: Html): Html {
  return new Html(text.replace(/<[^>]*>/g, ""));
}

/** Where each block begins on the page, and where the last ends. */
function positions(matrix: BlockMatrix): number[] {
  return matrix.edges.map((edge) => (SIDE * edge) / sizeOf(matrix));
}

/** n of an [n, n] matrix. @throws RangeError unless values, edges and names belong together. */
function sizeOf({ values, edges, names }: BlockMatrix): number {
  const n = edges.at(-1) ?? 0;
  if (edges[0] !== 0 || n < 1 || n * n !== values.length || names.length !== edges.length - 1)
    throw new RangeError(
      `heat map: ${values.length} values, blocks at ${edges.join(", ")} and ${names.length} names do not belong together; give [n, n] values, edges from 0 to n, and a name a block`,
    );
  return n;
}

/** The means of squares of `width` × `width` entries; those at the end may be smaller. */
export function pooled(values: ArrayLike<number>, n: number, width: number): { values: Float64Array; side: number } {
  const side = Math.ceil(n / width);
  const sums = new Float64Array(side * side);
  for (let row = 0; row < n; row++)
    for (let column = 0; column < n; column++)
      sums[Math.floor(row / width) * side + Math.floor(column / width)] += values[row * n + column];
  const length = (i: number) => Math.min(width, n - i * width);
  return { values: sums.map((sum, i) => sum / (length(Math.floor(i / side)) * length(i % side))), side };
}

/** [side, side] values in [0, most] as a PNG, in a data URI. */
function pngOf(values: ArrayLike<number>, side: number, most: number): string {
  const png = new PNG({ width: side, height: side, colorType: 2, inputColorType: 2, inputHasAlpha: false });
  png.data = Buffer.alloc(3 * side * side);
  for (let i = 0; i < values.length; i++) png.data.set(colour(values[i] / most), 3 * i);
  const bytes = PNG.sync.write(png, { colorType: 2, inputColorType: 2, inputHasAlpha: false });
  return `data:image/png;base64,${bytes.toString("base64")}`;
}

type Rgb = readonly [red: number, green: number, blue: number];

/** From black through purple and orange to pale yellow, of even steps in brightness (ten of matplotlib's "magma"). */
const PALETTE: readonly Rgb[] = [
  0x000004, 0x180f3d, 0x440f76, 0x721f81, 0x9e2f7f, 0xcd4071, 0xf1605d, 0xfd9668, 0xfeca8d, 0xfcfdbf,
].map((rgb): Rgb => [rgb >> 16, (rgb >> 8) & 255, rgb & 255]);

/** The colour of a share in [0, 1]; beyond, that of the nearer end, and of NaN that of 0. */
function colour(share: number): Rgb {
  const place = (PALETTE.length - 1) * (share > 0 ? Math.min(1, share) : 0);
  const below = Math.min(Math.floor(place), PALETTE.length - 2);
  const mixed = PALETTE[below].map((from, c) => Math.round(from + (place - below) * (PALETTE[below + 1][c] - from)));
  return mixed as unknown as Rgb;
}

const css = (rgb: Rgb): string => `rgb(${rgb.join(" ")})`;

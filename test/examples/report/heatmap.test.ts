import { PNG } from "pngjs";
import { blockMap, blockMeans, colourBar, heatMap, pictureRow, pooled } from "../../../examples/report/heatmap.js";
import { html } from "../../../examples/report/html.js";

const matrix = {
  values: Float64Array.of(4, 2, 0, 2, 4, 0, 0, 0, 9),
  edges: [0, 2, 3],
  names: ["a", "b"],
};
const scale = { most: 4, title: "size" };
const brightness = (png: PNG, x: number, y: number) =>
  [0, 1, 2].reduce((sum, c) => sum + png.data[4 * (y * png.width + x) + c], 0);

function pictureIn(text: string): PNG {
  const uri = /href="data:image\/png;base64,([^"]*)"/.exec(text)?.[1] ?? "";
  return PNG.sync.read(Buffer.from(uri, "base64"));
}

test("a heat map has a pixel an entry, the brighter the larger, up to the end of the scale", () => {
  const png = pictureIn(heatMap(matrix, scale, html`M`).text);
  expect([png.width, png.height]).toEqual([3, 3]);
  const [most, half, none, above] = [
    brightness(png, 0, 0),
    brightness(png, 1, 0),
    brightness(png, 2, 0),
    brightness(png, 2, 2),
  ];
  expect(most).toBeGreaterThan(half);
  expect(half).toBeGreaterThan(none);
  expect(above).toBe(most);
});

test("a matrix too large for a pixel an entry is shown by the means of squares, smaller ones at the end", () => {
  const { values, side } = pooled(matrix.values, 3, 2);
  expect(side).toBe(2);
  expect(Array.from(values)).toEqual([3, 0, 0, 9]);
  const n = 900;
  expect(
    pictureIn(heatMap({ values: new Float64Array(n * n), edges: [0, n], names: ["x"] }, scale, html``).text).width,
  ).toBe(300);
});

test("a block map shows the mean of each block in numbers", () => {
  expect(blockMeans(matrix)).toEqual([
    [3, 0],
    [0, 9],
  ]);
  expect(
    [...blockMap(matrix, scale, html`M`).text.matchAll(/>\s*([\d.]+)\s*<\/text>/g)].map(([, mean]) => mean),
  ).toEqual(["3.000", "0", "0", "9.000"]);
});

test("blocks are outlined and named on both sides, and the picture says in words what it shows", () => {
  const { text } = heatMap(matrix, scale, html`|<i>F</i>|`);
  expect(text).toContain('d="M280.00 0V420M0 280.00H420"');
  expect([...text.matchAll(/>([ab])<\/text/g)].map(([, name]) => name)).toEqual(["a", "a", "b", "b"]);
  expect(text).toContain('aria-label="|F|"');
});

test("a row has one scale, labelled and ending with what it stands for", () => {
  const { text } = pictureRow([heatMap(matrix, scale, html`M`)], scale, "caption");
  expect(text.match(/class="scale"/g)).toHaveLength(1);
  expect(colourBar(scale).text).toMatch(/>≥ 4\.000<\/text[\s\S]*>size<\/text/);
});

test("values and blocks that do not belong together are refused", () => {
  expect(() => heatMap({ ...matrix, edges: [0, 2] }, scale, html``)).toThrow(
    "heat map: 9 values, blocks at 0, 2 and 2 names",
  );
});

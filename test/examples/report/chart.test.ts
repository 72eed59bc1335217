import { chart, type Curve } from "../../../examples/report/chart.js";

const curve = (name: string, ...heights: number[]): Curve => ({
  name,
  style: "marked",
  points: heights.map((y, i) => ({ x: i + 1, y })),
});
const axes = { x: "iteration", y: "loss", description: "Loss by iteration" };

/** The height in pixels of each mark of a chart, in order. */
const markHeights = (svg: string) =>
  [...svg.matchAll(/aria-roledescription="point"[^>]*transform="translate\([^,]*,([^)]*)\)/g)].map(([, y]) =>
    Number(y),
  );

test("a chart is SVG with its titles and the name of each curve", async () => {
  const { text } = await chart([curve("K-FAC", 3, 2, 1), curve("Adam", 3, 3, 2)], axes);
  expect(text).toMatch(/^<svg [\s\S]*<\/svg>$/);
  for (const label of ["iteration", "loss", "K-FAC", "Adam"]) expect(text).toContain(`>${label}</text>`);
});

test("over a wide range equal ratios are equal distances, over a narrow one equal differences", async () => {
  const [a, b, c] = markHeights((await chart([curve("wide", 1, 10, 100)], axes)).text);
  expect(c - b).toBeCloseTo(b - a, 6);
  const [d, e, f] = markHeights((await chart([curve("narrow", 10, 20, 30)], axes)).text);
  expect(f - e).toBeCloseTo(e - d, 6);
  expect(e - d).toBeLessThan(-10);
});

test("points that are not finite are left out, so that a diverged run can be drawn", async () => {
  const { text } = await chart([curve("SGD", 10, 20, NaN, Infinity)], axes);
  expect(markHeights(text)).toHaveLength(2);
  expect(text).not.toMatch(/NaN|Infinity/);
});

test("with losses of zero or below, the axis is linear rather than empty", async () => {
  const [a, b, c] = markHeights((await chart([curve("K-FAC", 100, 50, 0)], axes)).text);
  expect(c - b).toBeCloseTo(b - a, 6);
});

test("with logX equal ratios along x are equal distances, and points that have no place there are left out", async () => {
  const points = [0, 0.01, 0.1, 1].map((x) => ({ x, y: 1 + x }));
  const { text } = await chart([{ name: "KL", style: "marked", points }], { ...axes, logX: true });
  const [a, b, c, ...more] = [...text.matchAll(/aria-roledescription="point"[^>]*transform="translate\(([^,]*),/g)].map(
    ([, x]) => Number(x),
  );
  expect(more).toEqual([]);
  expect(c - b).toBeCloseTo(b - a, 6);
  expect(b - a).toBeGreaterThan(10);
});

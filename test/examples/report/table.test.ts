import { table } from "../../../examples/report/table.js";

const compact = (text: string) => text.replace(/\s*(<[^>]*>)\s*/g, "$1");
const rowsOf = (text: string) => /<tbody>(.*)<\/tbody>/s.exec(compact(text))?.[1];

test("a row has its heading and its cells, and a dash where one is missing", () => {
  const { text } = table({
    caption: "c",
    head: ["a", "b", "c"],
    rows: [
      ["x", 1, undefined],
      ["y-1", "-2", "<3>"],
    ],
  });
  expect(rowsOf(text)).toBe(
    '<tr><th scope="row">x</th><td>1</td><td>–</td></tr><tr><th scope="row">y-1</th><td>-2</td><td>&lt;3&gt;</td></tr>',
  );
});

test("numbers have a minus, at which no line breaks, and words keep their hyphens", () => {
  const { text } = table({
    caption: "c",
    head: ["a", "b"],
    rows: [["x", "2.25e-4 (-0.5)", "block-diagonal"]],
    numbers: true,
  });
  expect(rowsOf(text)).toBe('<tr><th scope="row">x</th><td>2.25e−4 (−0.5)</td><td>block-diagonal</td></tr>');
});

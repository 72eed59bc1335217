import { random, roundings } from "./modules.js";

/** [rows, columns, fromRow, fromColumn, toRow]: whole, a box, a column, a transpose, a transposed box, constants, any strides. */
const copies = [
  [0, 4, 4, 1, 4],
  [4, 0, 4, 1, 4],
  [3, 7, 7, 1, 7],
  [5, 6, 9, 1, 8],
  [9, 1, 4, 1, 5],
  [3, 300, 301, 1, 300],
  [3, 2, 1, 3, 2],
  [37, 50, 1, 37, 50],
  [16, 64, 1, 17, 65],
  [3, 9, 2, 0, 9],
  [3, 9, 0, 1, 10],
  [4, 5, 3, 12, 5],
];

describe.each(roundings)("movement $dtype of $name", ({ kernels, dtype }) => {
  test.each(copies)(
    "copies [%i, %i] with steps (%i, %i) into rows %i apart",
    (rows, columns, fromRow, fromColumn, toRow) => {
      kernels.free();
      const X = random(rows + columns, dtype)(Math.max(1, rows * fromRow + columns * fromColumn));
      const [from, to] = [kernels.put(dtype, X), kernels.put(dtype, new Float64Array(rows * toRow + 1).fill(7))];
      kernels.call(`copy_${dtype}`, rows, columns, from, fromRow, fromColumn, to, toRow);
      const want = Float64Array.from({ length: rows * toRow + 1 }, (_, e) => {
        const [i, j] = [Math.floor(e / toRow), e % toRow];
        return i < rows && j < columns ? X[i * fromRow + j * fromColumn] : 7;
      });
      expect(kernels.get(dtype, to, rows * toRow + 1)).toEqual(want);
    },
  );

  test.each([1, 3, 5, 300])("gathers rows of length %i", (columns) => {
    kernels.free();
    const X = random(columns, dtype)(6 * columns);
    const [from, to] = [kernels.put(dtype, X), kernels.reserve(4 * columns * 8)];
    const indices = kernels.reserve(16);
    new Int32Array(kernels.memory.buffer, indices, 4).set([5, 0, 0, 3]);
    kernels.call(`gather_${dtype}`, 4, columns, from, indices, to);
    const want = [5, 0, 0, 3].flatMap((row) => Array.from(X.subarray(row * columns, (row + 1) * columns)));
    expect(Array.from(kernels.get(dtype, to, 4 * columns))).toEqual(want);
  });

  test.each([0, 1, 3, 8, 19])("fills %i elements and no more", (n) => {
    kernels.free();
    const to = kernels.put(dtype, new Float64Array(n + 1));
    kernels.call(`fill_${dtype}`, n, -1.5, to);
    expect(Array.from(kernels.get(dtype, to, n + 1))).toEqual([...new Array<number>(n).fill(-1.5), 0]);
  });

  test.each([0, 1, 4, 7])("converts %i elements to the other type, rounding to nearest", (n) => {
    kernels.free();
    const other = dtype === "f32" ? "f64" : "f32";
    const X = Float64Array.from(
      [0.1, -2, 1e300, NaN, -0, 1e-46, 1 / 3].slice(0, n),
      dtype === "f32" ? Math.fround : Number,
    );
    const [from, to] = [kernels.put(dtype, X), kernels.put(other, new Float64Array(n + 1).fill(7))];
    kernels.call(`convert_${dtype}`, n, from, to);
    expect(Array.from(kernels.get(other, to, n + 1))).toEqual([...Array.from(X, Math.fround), 7]);
  });
});

import type { Backend } from "../../src/tensor/backend.js";
import { eye, full, ones, oneHot, read, readScalar, tensor, zeros } from "../../src/tensor/create.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import { defaultBackend, setDefaultBackend } from "../../src/tensor/defaultBackend.js";
import { slice } from "../../src/tensor/movement.js";
import { to } from "../../src/tensor/to.js";
import { places } from "../support/backends.js";
import { countingBackend } from "../support/countingBackend.js";
import "../support/matchers.js";
import { evaluate, plain, scalar, vector } from "../support/plain.js";

/** What a backend has that computes in float32 alone, with elements that may be pending. */
const float32Only = (): Backend => {
  const backend: Backend = { ...countingBackend(), name: "float32 only", dtypes: ["float32"] };
  delete backend.readNow;
  return backend;
};

describe.each(places)("making and reading tensors, $name", (place) => {
  test("a tensor has the shape of the nested arrays, and is read row by row", async () => {
    expect(await evaluate(() => tensor(7, place))).toBePlain(scalar(7));
    expect(await evaluate(() => tensor([1, 2, 3], place))).toBePlain(vector(1, 2, 3));
    expect(await evaluate(() => tensor([[1, 2, 3], [4, 5, 6]], place))).toBePlain(plain([2, 3], [1, 2, 3, 4, 5, 6])); // prettier-ignore
    expect(await evaluate(() => tensor([[[1]], [[2]]], place))).toBePlain(plain([2, 1, 1], [1, 2]));
    expect(await evaluate(() => tensor([], place))).toBePlain(plain([0], []));
    expect(await evaluate(() => tensor([[], []], place))).toBePlain(plain([2, 0], []));
  });

  test("a tensor takes typed arrays, arrays of them, and anything with a length, under a given shape", async () => {
    const expected = plain([2, 2], [1, 2, 3, 4]);
    expect(await evaluate(() => tensor(Uint8Array.of(1, 2, 3, 4), { ...place, shape: [2, 2] }))).toBePlain(expected);
    expect(await evaluate(() => tensor([Float64Array.of(1, 2), [3, 4]], place))).toBePlain(expected);
    expect(await evaluate(() => tensor({ length: 4, 0: 1, 1: 2, 2: 3, 3: 4 }, { ...place, shape: [2, 2] }))).toBePlain(expected); // prettier-ignore
    expect(await evaluate(() => tensor([[1, 2, 3, 4]], { ...place, shape: [2, 2] }))).toBePlain(expected);
    expect(await evaluate(() => tensor(5, { ...place, shape: [1, 1] }))).toBePlain(plain([1, 1], [5]));
  });

  test("elements are copied in and out", async () => {
    const values = Float64Array.of(1, 2);
    const shape = [2];
    const t = tensor(values, { ...place, shape });
    values[0] = 9;
    shape[0] = 1;
    expect(t.shape).toEqual([2]);
    const first = await read(t);
    first[1] = 9;
    expect([...(await read(t))]).toEqual([1, 2]);
  });

  test("reading gives an array of the tensor's dtype", async () => {
    const expected = place.dtype === "float32" ? Float32Array : Float64Array;
    expect(await read(zeros([2], place))).toBeInstanceOf(expected);
    expect(await read(slice(zeros([4], place), [[1, 3]]))).toHaveLength(2);
  });

  test("NaN, infinities and the dtype's own rounding survive", async () => {
    const round = place.dtype === "float32" ? Math.fround : Number;
    const y = await evaluate(() => tensor([NaN, -Infinity, 0.1, 1e300], place));
    expect(y).toBePlain(vector(NaN, -Infinity, round(0.1), round(1e300)));
  });

  test("full, zeros, ones and eye are what they say, of any size", async () => {
    const { dtype } = place;
    expect(await evaluate(() => full([2, 2], 0.1, place))).toBePlain(plain([2, 2], new Array<number>(4).fill(dtype === "float32" ? Math.fround(0.1) : 0.1))); // prettier-ignore
    expect(await evaluate(() => zeros([3], place))).toBePlain(vector(0, 0, 0));
    expect(await evaluate(() => ones([], place))).toBePlain(scalar(1));
    expect(await evaluate(() => ones([0, 2], place))).toBePlain(plain([0, 2], []));
    expect(await evaluate(() => eye(2, place))).toBePlain(plain([2, 2], [1, 0, 0, 1]));
    expect(await evaluate(() => eye(0, place))).toBePlain(plain([0, 0], []));
  });

  test("oneHot puts a single 1 in each row, in the column of its label", async () => {
    expect(await evaluate(() => oneHot([2, 0], 3, place))).toBePlain(plain([2, 3], [0, 0, 1, 1, 0, 0]));
    expect(await evaluate(() => oneHot(Uint8Array.of(), 3, place))).toBePlain(plain([0, 3], []));
  });

  test("readScalar reads the one element of any shape that has one", async () => {
    expect(await readScalar(tensor(3, place))).toBe(3);
    expect(await readScalar(tensor([[4]], place))).toBe(4);
    await expect(readScalar(zeros([2], place))).rejects.toThrow(
      new RangeError("readScalar: [2] holds 2 elements, not one"),
    );
    await expect(readScalar(zeros([0], place))).rejects.toThrow("[0] holds 0 elements");
  });

  test("to moves elements to another backend and dtype, and back, views included", async () => {
    const x = slice(tensor([9, 1, 2.5, 9], place), [[1, 3]]);
    for (const dtype of ["float32", "float64"] as const) {
      if (place.backend.dtypes.includes(dtype)) {
        const y = to(x, { dtype });
        expect([y.dtype, y.backend]).toEqual([dtype, place.backend]);
        expect(await evaluate(() => to(x, { dtype }))).toBePlain(vector(1, 2.5));
      }
      if (place.backend.readNow === undefined) continue;
      const other = countingBackend();
      const moved = to(x, { dtype, backend: other });
      expect([moved.dtype, moved.backend]).toEqual([dtype, other]);
      expect(await evaluate(() => to(moved, { backend: place.backend, dtype: place.dtype }))).toBePlain(vector(1, 2.5));
    }
  });
});

test("values are float32 unless they come as a Float64Array or a dtype is named", () => {
  expect(tensor([1]).dtype).toBe("float32");
  expect(tensor(Float64Array.of(1)).dtype).toBe("float64");
  expect(tensor([Float64Array.of(1)]).dtype).toBe("float32");
  expect(tensor(Float64Array.of(1), { dtype: "float32" }).dtype).toBe("float32");
  expect(zeros([1]).dtype).toBe("float32");
});

test("to rounds to float32, and is another handle where nothing changes", async () => {
  const x = tensor([0.1], { dtype: "float64" });
  expect(await evaluate(() => to(x, { dtype: "float32" }))).toBePlain(vector(Math.fround(0.1)));
  const same = to(x, {});
  expect(same.storage).toBe(x.storage);
  x.dispose();
  expect([...(await read(same))]).toEqual([0.1]);
});

test("tensors go to the default backend unless they name one", () => {
  const before = defaultBackend();
  const [eager, lazy] = [countingBackend(), countingBackend()];
  try {
    setDefaultBackend(eager);
    expect([zeros([1]).backend, tensor([1]).backend, eye(1).backend, oneHot([0], 1).backend]).toEqual([eager, eager, eager, eager]); // prettier-ignore
    setDefaultBackend(() => lazy);
    expect(defaultBackend()).toBe(lazy);
    expect(zeros([1], { backend: cpu() }).backend).toBe(cpu());
  } finally {
    setDefaultBackend(before);
  }
});

test("a backend resolves to itself once it is ready", async () => {
  expect(await cpu().ready()).toBe(cpu());
});

describe("what making a tensor refuses", () => {
  test("ragged arrays, with the two parts that differ", () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(
      new RangeError("tensor: nested arrays are ragged: part 0 has shape [2], part 1 [1]"),
    );
    expect(() => tensor([[1], 2])).toThrow("part 0 has shape [1], part 1 []");
  });

  test("a shape that holds another number of elements", () => {
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(
      new RangeError("tensor: shape [2×2] holds 4 elements, but 3 values were given"),
    );
  });

  test("lengths that are no lengths", () => {
    expect(() => tensor([1], { shape: [-1, -1] })).toThrow(
      new RangeError("tensor: [-1×-1] is no shape; lengths are integers of at least 0"),
    );
    expect(() => zeros([1.5])).toThrow(new RangeError("full: [1.5] is no shape; lengths are integers of at least 0"));
    expect(() => eye(-1)).toThrow("eye: [-1] is no shape");
    expect(() => oneHot([], NaN)).toThrow("oneHot: [NaN] is no shape");
  });

  test("what are no numbers", () => {
    expect(() => tensor({} as never)).toThrow(
      new TypeError("tensor: values must be a number, nested arrays or a typed array, not object"),
    );
  });

  test("labels that are no classes", () => {
    expect(() => oneHot([0, 3], 3)).toThrow(new RangeError("oneHot: label 3 of case 1 is not an integer in 0 … 2"));
    expect(() => oneHot([-1], 3)).toThrow("label -1 of case 0");
    expect(() => oneHot([0.5], 3)).toThrow("label 0.5 of case 0");
  });

  test("a dtype that the backend lacks, with those it has", () => {
    const backend = float32Only();
    const error = (operation: string) =>
      new TypeError(`${operation}: backend float32 only has no float64; use float32`);
    expect(() => tensor(Float64Array.of(1), { backend })).toThrow(error("tensor"));
    expect(() => zeros([1], { dtype: "float64", backend })).toThrow(error("full"));
    expect(() => to(zeros([1], { backend }), { dtype: "float64" })).toThrow(error("to"));
  });

  test("moving elements that are pending, with what to do instead", () => {
    const pending = zeros([1], { backend: float32Only() });
    expect(() => to(pending, { backend: cpu() })).toThrow(
      new TypeError(
        "to: elements on float32 only are pending; move them with tensor(await read(t), { shape, backend })",
      ),
    );
  });
});

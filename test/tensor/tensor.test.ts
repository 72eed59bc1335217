import { read, tensor, zeros } from "../../src/tensor/create.js";
import { reshape, slice } from "../../src/tensor/movement.js";
import { scope } from "../../src/tensor/scope.js";
import { share, view } from "../../src/tensor/tensor.js";
import { binary } from "../../src/tensor/elementwise.js";
import { countingBackend } from "../support/countingBackend.js";
import "../support/matchers.js";
import { plainOf, vector } from "../support/plain.js";

test("storage goes back when its only handle is disposed of; disposing twice is harmless", () => {
  const backend = countingBackend();
  const x = zeros([3], { backend });
  expect([backend.live, x.disposed]).toEqual([1, false]);
  x.dispose();
  expect([backend.live, x.disposed]).toEqual([0, true]);
  x.dispose();
  x[Symbol.dispose]();
  expect(backend.live).toBe(0);
});

test("shared storage goes back exactly once, with the last handle on it, in whatever order they go", async () => {
  const backend = countingBackend();
  for (const order of [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [1, 3, 0, 2],
  ]) {
    const x = tensor([1, 2, 3, 4], { backend });
    const handles = [x, share(x), reshape(x, [2, 2]), slice(x, [[1, 3]])];
    for (const [gone, which] of order.entries()) {
      expect(backend.live).toBe(1);
      expect((await read(handles[which])).length).toBe(which === 3 ? 2 : 4);
      handles[which].dispose();
      expect(handles.filter(({ disposed }) => disposed)).toHaveLength(gone + 1);
    }
    expect(backend.live).toBe(0);
  }
});

test("a view of a view counts its offset from the start of storage", async () => {
  const x = tensor([0, 1, 2, 3, 4, 5]);
  const y = view(view(x, [4], 1), [2], 2);
  expect(y.offset).toBe(3);
  expect(await plainOf(y)).toBePlain(vector(3, 4));
  expect(await plainOf(share(y))).toBePlain(vector(3, 4));
});

test("`using` gives a tensor back at the end of its block", () => {
  const backend = countingBackend();
  {
    using x = zeros([3], { backend });
    expect([x.disposed, backend.live]).toEqual([false, 1]);
  }
  expect(backend.live).toBe(0);
});

test("a tensor that was disposed of cannot be used, and the error says what to do", async () => {
  const x = zeros([2, 3]);
  x.dispose();
  const message = "a [2×3] float32 tensor was used after it was disposed of; return it from the scope that freed it, or keep() it"; // prettier-ignore
  expect(() => x.storage).toThrow(new Error(message));
  expect(() => binary("add", x, 1)).toThrow(message);
  expect(() => share(x)).toThrow(message);
  expect(() => reshape(x, [6])).toThrow(message);
  await expect(read(x)).rejects.toThrow(message);
});

test("a tensor prints its shape, dtype, backend and whether it is gone", () => {
  const x = scope(() => zeros([2, 3], { backend: countingBackend() }));
  expect(String(x)).toBe("Tensor [2×3] float32 on counting");
  x.dispose();
  expect(String(x)).toBe("Tensor [2×3] float32 on counting (disposed)");
});

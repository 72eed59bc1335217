import { open } from "../../src/gpu/devices/open.js";
import { gpu } from "../../src/gpu/index.js";
import type { Program } from "../../src/gpu/program.js";
import { add, full, read, slice, sum, tensor } from "../../src/index.js";

const { MAX_TEXTURE_SIZE } = WebGL2RenderingContext;
const longest = new OffscreenCanvas(1, 1).getContext("webgl2")?.getParameter(MAX_TEXTURE_SIZE) as number;

test("an axis may be longer than that of a texture", async () => {
  using backend = await gpu({ mode: "webgl2" }).ready();
  const rows = longest + 1;
  const column = tensor(
    Float32Array.from({ length: rows }, (_, i) => i),
    { shape: [rows, 1], backend },
  );
  const table = await read(add(column, tensor([[0, 0.5]], { backend })));
  expect(table).toEqual(Float32Array.from({ length: 2 * rows }, (_, i) => i / 2));
});

test("elements of an array of two million are found where they are", async () => {
  using backend = await gpu({ mode: "webgl2" }).ready();
  const n = 2_000_003;
  const numbers = tensor(
    Float32Array.from({ length: n }, (_, i) => i),
    { backend },
  );
  expect(await read(slice(numbers, [[n - 3, n]]))).toEqual(Float32Array.of(n - 3, n - 2, n - 1));
  expect(await read(sum(full([n], 1, { backend })))).toEqual(Float32Array.of(n));
});

test("an array that no texture holds is refused with both numbers", async () => {
  using backend = await gpu({ mode: "webgl2" }).ready();
  const most = longest ** 2;
  await expect(read(full([2 * most], 1, { backend }))).rejects.toThrow(
    `gpu: number-1 needs an array of ${2 * most} elements, but a texture here has at most ${most}`,
  );
});

test("a kernel that does not compile is named at its launch, and others still run", async () => {
  const device = await open("webgl2");
  const x = device.upload(Float32Array.of(1, 2));
  const broken: Program = { name: "broken", rank: 1, parameters: { a: "array" }, body: "return a[this.thread.x] + ;" };
  expect(() => device.launch(broken, [x], [2])).toThrow("gpu: kernel broken does not compile on");
  const twice: Program = { ...broken, name: "twice", body: "return 2 * a[this.thread.x];" };
  expect(await device.read(device.launch(twice, [x], [2]), 2)).toEqual(Float32Array.of(2, 4));
  device.destroy();
});

test("what is freed serves later arrays: a loop keeps as many arrays as it needs at once", async () => {
  const device = await open("webgl2");
  const twice: Program = { name: "twice", rank: 1, parameters: { a: "array" }, body: "return 2 * a[this.thread.x];" };
  let x = device.upload(Float32Array.of(1, 3));
  for (let i = 0; i < 20; i++) {
    const before = x;
    x = device.launch(twice, [before], [2]);
    device.free(before);
    expect(device.live).toBe(1);
  }
  expect(await device.read(x, 2)).toEqual(Float32Array.of(2 ** 20, 3 * 2 ** 20));
  device.destroy();
});

test("a lost device is reported at every read", async () => {
  const backend = await gpu({ mode: "webgl2" }).ready();
  const x = tensor([1, 2], { backend });
  await read(x);
  backend.dispose();
  for (let i = 0; i < 2; i++) await expect(read(x)).rejects.toThrow("gpu: the device was lost");
});

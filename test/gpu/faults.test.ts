import { open } from "../../src/gpu/devices/open.js";
import { gpu, type GpuMode } from "../../src/gpu/index.js";
import { Launcher } from "../../src/gpu/launcher.js";
import type { Program } from "../../src/gpu/program.js";
import { add, invertSpd, matmul, mul, NumericalError, ones, read, slice, tensor } from "../../src/index.js";
import { modes } from "./modes.js";

test("a mode that there is not is refused with those that there are", async () => {
  await expect(gpu({ mode: "vulkan" as GpuMode }).ready()).rejects.toThrow(
    'gpu: mode is "vulkan", not one of "webgpu", "webgl2", "webasm", "cpu" and "auto"',
  );
});

test("a tensor before the device is open says to await ready()", () => {
  expect(() => tensor([1], { backend: gpu({ mode: "cpu" }) })).toThrow(
    "gpu: the device is not open; await backend.ready() before the first tensor on it",
  );
});

test("WebGL 2 is refused where there is none", async () => {
  if (typeof OffscreenCanvas !== "undefined") return;
  await expect(gpu({ mode: "webgl2" }).ready()).rejects.toThrow("gpu: there is no WebGL 2 here");
});

describe.each(modes)("gpu.js in mode %s", (mode) => {
  test("names the mode and the adapter that are really used", async () => {
    using backend = await gpu({ mode }).ready();
    expect(backend.mode).toBe(mode);
    expect(backend.adapter).not.toBe("");
  });

  test("a factorisation that fails spoils what is computed from it, and says why where it is read", async () => {
    using backend = await gpu({ mode }).ready();
    const indefinite = tensor([[1, 2], [2, 1]], { backend }); // prettier-ignore
    const results = [
      () => matmul(invertSpd(indefinite), ones([2, 2], { backend })),
      () => add(mul(invertSpd(indefinite), 2), 1),
      () => slice(invertSpd(indefinite), [[0, 1]]),
    ];
    for (const result of results) {
      const failure = await (async () => read(result()))().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(NumericalError);
      expect(String(failure)).toContain("pivot 1 of a [2×2] float32 matrix is −3, not positive; add damping");
    }
    expect(await read(indefinite)).toEqual(Float32Array.of(1, 2, 2, 1));
  });
});

(modes.includes("webgpu") ? describe : describe.skip)("WebGPU", () => {
  test("a kernel that does not compile is named at the read of its result, and other results stand", async () => {
    const device = await open("webgpu");
    const run = new Launcher(device);
    const x = run.upload(Float32Array.of(1, 2));
    const broken: Program = {
      name: "broken",
      rank: 1,
      parameters: { a: "array" },
      body: "return a[this.thread.x];",
      tile: { cells: [64, 1, 1], wgsl: "this is no WGSL" },
    };
    const intact: Program = {
      name: "twice",
      rank: 1,
      parameters: { a: "array" },
      body: "return 2 * a[this.thread.x];",
    };
    const before = run.launch(intact, [x], [2]);
    const spoilt = run.launch(broken, [x], [2]);
    const after = run.launch(intact, [x], [2]);
    const errors = await Promise.all(run.stored(spoilt).doubts.map((doubt) => doubt.ask()));
    expect(String(errors.find((error) => error !== undefined))).toContain("gpu: kernel broken does not compile on");
    for (const intactly of [before, after])
      expect(await device.read(run.stored(intactly).elements ?? {}, 2)).toEqual(Float32Array.of(2, 4));
    device.destroy();
  });

  test("an array beyond the adapter's limit is refused with its bytes and the limit", async () => {
    const device = await open("webgpu");
    const fill = { name: "fill", rank: 1, parameters: { value: "number" }, body: "return value;" } as const;
    expect(() => device.launch(fill, [1], [2 ** 33])).toThrow(/gpu: fill needs an array of 34359738368 bytes, but this adapter allows \d+/); // prettier-ignore
    device.destroy();
  });

  test("a lost device is reported at every read", async () => {
    const backend = await gpu({ mode: "webgpu" }).ready();
    const x = tensor([1, 2], { backend });
    await read(x);
    backend.dispose();
    for (let i = 0; i < 2; i++) await expect(read(x)).rejects.toThrow("gpu: the device was lost");
  });
});

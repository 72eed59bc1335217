import { jest } from "@jest/globals";

jest.unstable_mockModule("gpu.js", () => {
  throw new Error("Cannot find package 'gpu.js'");
});

test("without gpu.js, ready() rejects with one sentence that says how to get it", async () => {
  const { gpu } = await import("../../src/gpu/index.js");
  const backend = gpu({ mode: "cpu" });
  for (let i = 0; i < 2; i++)
    await expect(backend.ready()).rejects.toThrow(
      "gpu: gpu.js is not installed; add it with: npm install gpu.js@^2.24.1 --ignore-scripts",
    );
});

test('importing "kronfac" loads no gpu.js', async () => {
  await expect(import("../../src/index.js")).resolves.toHaveProperty("Kfac");
});

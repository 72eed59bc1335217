/**
 * `npm run test:gpu [modes]`: the laws of every operation, of autodiff and of K-FAC on gpu.js, in each mode: by default cpu and webasm,
 * and webgpu where there is an adapter (REQUIRE_WEBGPU=1 makes it a failure that there is none).
 */
import { spawnSync } from "node:child_process";

const suites = ["test/tensor", "test/autodiff", "test/kfac/kfac", "test/gpu"];
/** These compare derivatives with differences in float64, or have a list of backends of their own. */
const others = "test/(autodiff/rules|tensor/(scope|linalg))";

const hasWebGpu = spawnSync(
  process.execPath,
  ["--input-type=module", "--eval", "const { create } = await import('webgpu'); process.exit(await create([]).requestAdapter() ? 0 : 1)"],
  { stdio: "ignore" },
).status === 0; // prettier-ignore
if (!hasWebGpu && process.env.REQUIRE_WEBGPU) throw new Error("test:gpu: WebGPU finds no adapter; see docs/gpu.md");
const modes = process.argv[2] ?? (hasWebGpu ? "cpu,webasm,webgpu" : "cpu,webasm");
console.log(`gpu.js in the modes ${modes}${hasWebGpu ? "" : "; there is no adapter for webgpu"}`);

for (const mode of modes.split(",")) {
  const { status } = spawnSync(
    process.execPath,
    [
      "--experimental-vm-modules",
      "--disable-warning=ExperimentalWarning",
      "node_modules/jest/bin/jest.js",
      `--testPathPatterns=(${suites.join("|")})`,
      `--testPathIgnorePatterns=${others}`,
    ],
    { stdio: "inherit", env: { ...process.env, KRONFAC_GPU: mode, KRONFAC_STEPS: "1000" } },
  );
  if (status !== 0) process.exit(status ?? 1);
}

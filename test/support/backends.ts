import type { Backend } from "../../src/tensor/backend.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import { epsilon, type DType } from "../../src/tensor/dtype.js";
import { gpu, type Mode } from "../../src/gpu/index.js";
import { WasmBackend } from "../../src/wasm/index.js";
import { enableRelaxedSimd } from "../../src/wasm/flags.js";

/** A backend under test. Adding an entry to `backends` runs every operation's suite on it. */
export interface TestedBackend {
  readonly name: string;
  readonly backend: Backend;
  readonly dtypes: readonly DType[];
  /** The largest error an operation may make, relative to the result, or to Σ|terms| where the result is a sum. */
  readonly tolerance: (dtype: DType) => number;
}

/** Either build of the kernels, with and without a second thread. */
function wasmBackends(simd: "baseline" | "relaxed"): TestedBackend[] {
  return [1, 2].map((threads) => ({
    name: `wasm (${simd}, ${threads === 1 ? "1 thread" : `${threads} threads`})`,
    backend: new WasmBackend({ threads, simd }),
    dtypes: ["float32", "float64"],
    tolerance: (dtype) => 4 * epsilon(dtype),
  }));
}

/** gpu.js in one of its modes. Its kernels add up in the order of the elements, and devices round functions as they please. */
async function gpuBackend(mode: Mode): Promise<TestedBackend> {
  return {
    name: `gpu (${mode})`,
    backend: await gpu({ mode }).ready(),
    dtypes: ["float32"],
    tolerance: (dtype) => 32 * epsilon(dtype),
  };
}

/** KRONFAC_GPU=cpu,webasm,webgpu runs the suites on gpu.js in these modes instead. */
const modes = process.env.KRONFAC_GPU?.split(",") as Mode[] | undefined;

export const backends: readonly TestedBackend[] = modes
  ? await Promise.all(modes.map(gpuBackend))
  : [
      { name: "cpu", backend: cpu(), dtypes: ["float32", "float64"], tolerance: (dtype) => 4 * epsilon(dtype) },
      ...wasmBackends("baseline"),
      ...(enableRelaxedSimd() ? wasmBackends("relaxed") : []),
    ];

/** Where a test's tensors live, and how exact they are there. */
export interface Place {
  readonly name: string;
  readonly backend: Backend;
  readonly dtype: DType;
  readonly tolerance: number;
}

/** Every dtype of every backend, for `describe.each`. */
export const places: readonly Place[] = backends.flatMap(({ name, backend, dtypes, tolerance }) =>
  dtypes.map((dtype) => ({ name: `${dtype} on ${name}`, backend, dtype, tolerance: tolerance(dtype) })),
);

/** The places where derivatives can be compared with differences. */
export const float64Places: readonly Place[] = places.filter(({ dtype }) => dtype === "float64");

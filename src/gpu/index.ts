/** The gpu.js backend, published as "kronfac/gpu". Loading this module loads no gpu.js: `ready()` does. */
import { GpuBackend, type GpuOptions } from "./backend.js";

export { GpuBackend, type GpuOptions } from "./backend.js";
export type { GpuMode } from "./devices/open.js";
export type { Mode } from "./library.js";

/**
 * A backend on which gpu.js runs the kernels, in whichever of its modes. It has float32 alone;
 * NaN and infinities are kept, and numbers below 2⁻¹²⁶ may count as 0.
 *
 *     const backend = await gpu({ mode: "webgpu" }).ready();
 *     const net = network(layers, { backend });
 */
export function gpu(options: GpuOptions = {}): GpuBackend {
  return new GpuBackend(options);
}

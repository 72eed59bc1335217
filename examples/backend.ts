import { cpu, hasWasm, wasm, type Backend } from "kronfac";
import { gpu, GpuBackend, type GpuMode } from "kronfac/gpu";
import { UsageError } from "./usage-error.js";

export const BACKENDS = ["cpu", "wasm", "gpu", "gpu-webgpu", "gpu-webasm", "gpu-cpu"] as const;

/** What the flags --backend and --threads say. */
export interface BackendFlags {
  readonly backend?: (typeof BACKENDS)[number];
  readonly threads?: number;
}

/**
 * What computes, ready: wasm where the engine has SIMD, unless a flag says otherwise, with the fused multiply-add that Node 20 has to
 * be asked for. gpu is gpu.js in the best mode there is, gpu-… in the mode that is named.
 */
export async function backendFor({ backend, threads }: BackendFlags): Promise<Backend> {
  if (backend?.startsWith("gpu")) return gpu({ mode: (backend.slice(4) || "auto") as GpuMode }).ready();
  if (backend === "cpu" || (backend === undefined && !hasWasm())) return cpu().ready();
  return wasm({ simd: "relaxed", ...(threads !== undefined && { threads }) }).ready();
}

/** @throws UsageError for threads of a backend that has none. */
export function checkThreads({ backend = "wasm", threads }: BackendFlags): void {
  if (threads !== undefined && backend !== "wasm")
    throw new UsageError(`--threads is for the wasm backend, and --backend says ${backend}; leave one of them out`);
}

/** What really computes, for the report. */
export function describeBackend(backend: Backend): string {
  return backend instanceof GpuBackend ? `gpu.js, ${backend.mode}, ${backend.adapter}` : backend.name;
}

/** Whether it computes a hundred times more slowly than the others: plain TypeScript, and gpu.js without a card. */
export function isSlow(backend: Backend): boolean {
  return backend instanceof GpuBackend
    ? ["cpu", "webasm"].includes(backend.mode) || /llvmpipe|swiftshader/i.test(backend.adapter)
    : backend.name === "cpu";
}

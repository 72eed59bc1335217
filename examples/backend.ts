import { cpu, hasWasm, wasm, type Backend } from "kronfac";

export const BACKENDS = ["cpu", "wasm"] as const;

/** What the flags --backend and --threads say. */
export interface BackendFlags {
  readonly backend?: (typeof BACKENDS)[number];
  readonly threads?: number;
}

/**
 * What computes, ready: wasm where the engine has SIMD, unless a flag says otherwise, with the fused multiply-add that Node 20 has to
 * be asked for.
 */
export async function backendFor({ backend, threads }: BackendFlags): Promise<Backend> {
  if (backend === "cpu" || (backend === undefined && !hasWasm())) return cpu().ready();
  return wasm({ simd: "relaxed", ...(threads !== undefined && { threads }) }).ready();
}

import { cpu, defaultBackend, wasm, type Backend } from "kronfac";
import type { Options } from "./options.js";

/** What computes: the backend asked for, ready, or the library's default. --threads alone asks for wasm. */
export async function backendFor({ backend, threads }: Pick<Options, "backend" | "threads">): Promise<Backend> {
  if (backend === "cpu") return cpu().ready();
  if (threads !== undefined) return wasm({ threads }).ready();
  return (backend === "wasm" ? wasm() : defaultBackend()).ready();
}

import { spawn, spawnSync } from "node:child_process";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../examples/usage-error.js";
import type { Evaluation, Outcome } from "./evaluations.js";

const SCRIPT = fileURLToPath(new URL("train.py", import.meta.url));

/** What PyTorch multiplies with. */
export interface Torch {
  readonly version: string;
  /** The library behind libblas.so.3, or "built in". */
  readonly blas: string;
  /** Whether that is the slow reference implementation, against which no comparison is fair. */
  readonly isReference: boolean;
}

const PROBE = `
import json, numpy, torch
maps = sorted({line.split()[-1] for line in open("/proc/self/maps") if "blas" in line or "mkl_" in line or "blis" in line})
print(json.dumps({"version": torch.__version__, "libraries": maps}))
`;

/** Which PyTorch an interpreter has. @throws UsageError where it has none */
export function findTorch(python: string): Torch {
  const { status, stdout, error } = spawnSync(python, ["-c", PROBE], { encoding: "utf8" });
  if (error !== undefined || status !== 0)
    throw new UsageError(
      `--python ${python}: cannot import torch and numpy; install Debian's python3-torch, or name an interpreter that has them`,
    );
  const { version, libraries } = JSON.parse(stdout) as { version: string; libraries: string[] };
  const names = libraries.map((path) => basename(path));
  const optimized = names.find((name) => /openblas|mkl|blis|atlas/.test(name));
  return {
    version,
    blas: optimized ?? names.at(0) ?? "built in",
    isReference: optimized === undefined && names.length > 0,
  };
}

/** Runs train.py on what lies in a directory (./start.ts), at so many threads. */
export async function trainTorch(python: string, directory: string, threads: number): Promise<Outcome> {
  const env = { ...process.env, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) };
  const child = spawn(python, [SCRIPT, directory], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  const evaluations: Evaluation[] = [];
  for await (const line of createInterface({ input: child.stdout })) evaluations.push(JSON.parse(line) as Evaluation);
  const code = await ended;
  if (code !== 0) throw new Error(`${SCRIPT} ended with code ${code ?? "of a signal"}`);
  return { trainer: "torch-adam", evaluations };
}

import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../examples/usage-error.js";
import type { Evaluation, Outcome } from "./evaluations.js";

const SCRIPT = fileURLToPath(new URL("train.py", import.meta.url));

/** PyTorch's version. @throws UsageError where the interpreter has no PyTorch */
export function torchVersion(python: string): string {
  const { status, stdout, error } = spawnSync(python, ["-c", "import numpy, torch; print(torch.__version__)"], {
    encoding: "utf8",
  });
  if (error !== undefined || status !== 0)
    throw new UsageError(
      `--python ${python}: cannot import torch and numpy; install Debian's python3-torch, or name an interpreter that has them`,
    );
  return stdout.trim();
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

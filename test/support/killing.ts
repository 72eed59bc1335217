import { spawn } from "node:child_process";
import { join } from "node:path";
import { build } from "esbuild";

export interface Killed {
  /** The last iteration that the child said was saved; 0 where it said none. */
  readonly said: number;
  /** Milliseconds from the first save to the end. */
  readonly trained: number;
}

/** The program that `trainAndKill` runs, as one file, which starts at once. */
export async function bundleTraining(directory: string): Promise<string> {
  const outfile = join(directory, "training.mjs");
  const options = { bundle: true, platform: "node", format: "esm", target: "node20" } as const;
  await build({ entryPoints: ["test/support/savingChild.ts"], outfile, ...options });
  return outfile;
}

/** When to kill: so many milliseconds after the first save, or at a fraction of the time that the third takes. */
export type Moment = { readonly after: number } | { readonly inWrite: number };

/** Runs the training in a process of its own, which ends by SIGKILL. */
export async function trainAndKill(program: string, path: string, backend: string, at: Moment): Promise<Killed> {
  const args = "inWrite" in at ? [String(at.inWrite)] : [];
  const child = spawn(process.execPath, [program, path, backend, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let said = 0;
  let first = NaN;
  child.stdout.on("data", (lines: Buffer) => {
    said = Number(lines.toString().trim().split("\n").at(-1));
    if (!Number.isNaN(first)) return;
    first = performance.now();
    if ("after" in at) setTimeout(() => child.kill("SIGKILL"), at.after);
  });
  return new Promise((resolve, reject) => {
    child.on("close", (status, signal) => {
      if (signal === "SIGKILL") resolve({ said, trained: performance.now() - first });
      else reject(new Error(`the training ended by itself, with status ${status}`));
    });
  });
}

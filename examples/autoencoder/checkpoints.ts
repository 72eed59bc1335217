import { FormatError, restore, type Checkpoint, type Network, type Resumable } from "kronfac";
import { loadFile, saveFile } from "kronfac/node";
import type { Goal } from "../report/progress.js";
import { UsageError } from "../usage-error.js";
import type { Settings } from "./settings.js";

/**
 * Sets the network and the optimizer to the checkpoint of --resume, where one is given.
 * @throws UsageError where it cannot be read, is of other settings, or is at the goal already
 */
export async function resume(
  { resume: file }: Settings["checkpoints"],
  net: Network,
  optimizer: Resumable,
  goal: Goal,
): Promise<void> {
  if (file === undefined) return;
  try {
    restore(await checkpointIn(file), net, optimizer);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new UsageError(`--resume ${file}: ${error.message}; give the flags that it was saved under`);
  }
  const { iteration } = optimizer;
  if ("iterations" in goal && iteration >= goal.iterations)
    throw new UsageError(`--resume ${file}: it is at iteration ${iteration}; give --iterations above that`);
}

async function checkpointIn(file: string): Promise<Checkpoint> {
  try {
    return await loadFile(file);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      error instanceof FormatError
        ? `--resume ${message}`
        : `--resume ${file}: cannot be read (${code ?? message}); give a file that --save wrote`,
    );
  }
}

/** @throws UsageError where it cannot be written */
export async function saveTo(file: string | undefined, net: Network, optimizer: Resumable): Promise<void> {
  if (file === undefined) return;
  await saveFile(file, net, optimizer).catch((error: unknown) => {
    throw new UsageError(`--save ${(error as Error).message}; give a file that can be written`);
  });
}

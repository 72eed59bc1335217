/// <reference types="node" />
import { randomUUID } from "node:crypto";
import { open, readdir, realpath, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { kill, pid, platform } from "node:process";

/** The files beside, while they are being written. */
const writing = new Set<string>();

/**
 * Writes a file so that its name always stands for whole contents, the old or the new: into a file beside it, which is on the disk
 * before it takes the name. What a process that was killed left beside it is removed.
 * @throws Error where any of that fails (a full disk, no permission); the old file is as it was then, and nothing new is left beside it.
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const target = await realpath(path).catch(() => path); // a link goes on being one
  const beside = `${target}.${pid}-${randomUUID()}.tmp`;
  writing.add(beside);
  try {
    await removeAbandoned(target);
    await write(beside, bytes);
    await rename(beside, target);
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    const { message } = error as Error;
    throw new Error(`saveFile: ${path} cannot be written, and is as it was: ${message}`, { cause: error });
  } finally {
    writing.delete(beside);
  }
  await syncDirectory(dirname(target));
}

/** Returns once the bytes are on the disk. */
async function write(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Returns once the directory's names are on the disk. Windows cannot open a directory, and writes names in order. */
async function syncDirectory(path: string): Promise<void> {
  if (platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Removes files that processes which are no more were writing: named after the target, the process, and chance. */
async function removeAbandoned(target: string): Promise<void> {
  const [directory, name] = [dirname(target), basename(target)];
  for (const other of await readdir(directory)) {
    const writer = other.startsWith(name) && /^\.(\d+)-[0-9a-f-]{36}\.tmp$/.exec(other.slice(name.length));
    if (!writer) continue;
    const path = join(directory, other);
    if (!writing.has(path) && !isRunning(Number(writer[1]))) await unlink(path).catch(() => undefined);
  }
}

/** Whether another process has this number; what this one writes, it knows. */
function isRunning(process: number): boolean {
  try {
    return process !== pid && kill(process, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

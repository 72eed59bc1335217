/// <reference types="node" />
import { readFile } from "node:fs/promises";
import { load } from "../checkpoint/load.js";
import { save } from "../checkpoint/save.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { FormatError } from "../formats/formatError.js";
import type { Resumable } from "../kfac/optimizerState.js";
import type { Model } from "../network/model.js";
import { replaceFile } from "./replaceFile.js";

/**
 * Saves a checkpoint in a file, in one move: whenever the process or the machine stops, the file is the earlier checkpoint or the new
 * one, whole.
 * @throws what `save` throws; an Error that names the file where it cannot be written. The earlier checkpoint is intact then.
 */
export async function saveFile(path: string, model: Pick<Model, "weights">, optimizer?: Resumable): Promise<void> {
  await replaceFile(path, await save(model, optimizer));
}

/**
 * The checkpoint in a file, verified whole; `restore` sets a model to it.
 * @throws FormatError, which names the file, where it holds no whole checkpoint; the file system's error where it cannot be read.
 */
export async function loadFile(path: string): Promise<Checkpoint> {
  const bytes = await readFile(path);
  try {
    return load(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`${path}: ${error.message}`);
  }
}

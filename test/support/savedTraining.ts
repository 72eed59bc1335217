import { existsSync } from "node:fs";
import { restore } from "../../src/checkpoint/load.js";
import { blockTridiagonal } from "../../src/kfac/blockTridiagonal.js";
import { Kfac } from "../../src/kfac/kfac.js";
import { loadFile } from "../../src/node/files.js";
import { cpu } from "../../src/tensor/cpu/index.js";
import { WasmBackend } from "../../src/wasm/index.js";
import { building, trainTo, type Build } from "./resuming.js";

/** The training that is killed: its inverse is mostly of an earlier step. */
export function small(backend: string): Build {
  const place = backend === "wasm" ? new WasmBackend({ threads: 1 }) : cpu();
  return building({ backend: place, dtype: "float32", sizes: [12, 16, 8, 3], cases: 40 }, ({ net, loss }) => {
    const periods = { adaptLambdaEvery: 3, adaptGammaEvery: 8, invertEvery: 4 };
    return new Kfac(net, loss, { inverse: blockTridiagonal, lambda: 1, ...periods });
  });
}

/** A start at the checkpoint in the file; at its beginning where there is no file. */
export async function resumed(make: Build, path: string) {
  const start = make();
  if (existsSync(path)) restore(await loadFile(path), start.net, start.optimizer);
  return { ...start, trainTo: (end: number) => trainTo(end, start) };
}

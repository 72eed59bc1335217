import type { Draw } from "../../tensor/backend.js";
import type { DType } from "../../tensor/dtype.js";
import type { Block } from "../heap.js";
import type { Runtime } from "../runtime.js";

/** Multiplications that take as long as one number. */
const COST = 30;
const JOB_BYTES = 64;

/** Numbers uniform in (0, 1). The kernel takes 32-bit integers, to which WebAssembly reduces any number modulo 2³². */
export function uniform(runtime: Runtime, { key, block, word, count }: Draw, dtype: DType): Block {
  const out = runtime.allocate(count, dtype);
  const scratch = runtime.scratch(JOB_BYTES);
  const upper = Math.floor(block / 2 ** 32);
  runtime.share(count * COST, "uniform", dtype, ...key, block, upper, word, count, out.address, scratch);
  return out;
}

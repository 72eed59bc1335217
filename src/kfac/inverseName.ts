import { blockDiagonal } from "./blockDiagonal.js";
import { blockTridiagonal } from "./blockTridiagonal.js";
import { exactTikhonov } from "./exactTikhonov.js";
import { fullKronecker } from "./fullKronecker.js";
import type { InverseStrategy } from "./inverse.js";

const strategies: Readonly<Record<string, InverseStrategy>> = {
  blockDiagonal,
  blockTridiagonal,
  exactTikhonov,
  fullKronecker,
};

/** What a checkpoint calls the strategy: its name here, whatever a bundler makes of it, or that of the function. */
export function nameOfInverse(inverse: InverseStrategy): string {
  const known = Object.entries(strategies).find(([, strategy]) => strategy === inverse);
  return known?.[0] ?? `custom ${inverse.name}`.trimEnd();
}

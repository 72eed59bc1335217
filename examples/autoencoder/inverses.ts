import { blockDiagonal, blockTridiagonal, exactTikhonov, type InverseStrategy } from "kronfac";
import type { InverseName } from "./options.js";

/** What the names of --inverse stand for. */
export const inverses: Readonly<Record<InverseName, InverseStrategy>> = {
  "block-diagonal": blockDiagonal,
  "block-tridiagonal": blockTridiagonal,
  "exact-tikhonov": exactTikhonov,
};

/** The name of one of them. */
export function nameOfInverse(inverse: InverseStrategy): string {
  return Object.entries(inverses).find(([, strategy]) => strategy === inverse)?.[0] ?? inverse.name;
}

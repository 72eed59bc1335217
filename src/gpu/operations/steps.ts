import type { Launcher } from "../launcher.js";
import type { Program } from "../program.js";
import type { Resident } from "../resident.js";

/** d = 1/aₖₖ of the pivot of step k of a [n, n]; NaN, as every later element then is, where the pivot is not positive. */
export const PIVOT =
  "const pivot = a[k * n + k]; let d = Math.sqrt(-1 - pivot * pivot); if (pivot > 0) { d = 1 / pivot; }";

/** A program's steps k = 0 … n − 1 on a matrix [n, n], each on the result of the one before. x is freed. */
export function steps(run: Launcher, program: Program, x: Resident, n: number): Resident {
  for (let k = 0; k < n; k++) {
    const before = x;
    x = run.consuming([before], () => run.launch(program, [before, n, k], [n, n]));
  }
  return x;
}

import type { Triangle } from "../../tensor/backend.js";
import { NumericalError } from "../../tensor/errors.js";
import { tensor } from "../../tensor/create.js";
import { symmetricEigen as onTensor } from "../../tensor/factorization.js";
import * as reference from "../../tensor/linalg/index.js";
import { scope } from "../../tensor/scope.js";
import { hasWasm, wasm } from "../../wasm/index.js";
import { Doubt } from "../doubt.js";
import { sourceOf } from "../expression.js";
import { unsettled, type Launcher } from "../launcher.js";
import { programNamed, type Program } from "../program.js";
import type { Resident } from "../resident.js";
import { invertInBlocks } from "./blockInverse.js";
import { same } from "./movement.js";
import { faults } from "./reductions.js";
import { PIVOT, steps } from "./steps.js";

/** The lower triangle of A [n, n] on both sides of the diagonal. */
const mirrored: Program = {
  name: "mirror",
  rank: 2,
  parameters: { a: "array", n: "integer" },
  body: `
    let y = a[this.thread.y * n + this.thread.x];
    if (this.thread.x > this.thread.y) { y = a[this.thread.x * n + this.thread.y]; }
    return y;`,
};

/** The lower triangle of A [n, n] with zeros above it; what A is computed from is computed as it is read. */
function lowerTriangle(run: Launcher, a: Resident, n: number): Resident {
  const { expression, args } = run.along([n, n], a);
  const program = programNamed(`lower triangle of ${expression.name}`, (name) => {
    const { parameters, statements, value } = sourceOf(expression, ["this.thread.y", "this.thread.x"]);
    const body = `${statements} let found = ${value}; if (this.thread.x > this.thread.y) { found = 0; } return found;`;
    return { name, rank: 2, parameters, body };
  });
  return run.launch(program, args, [n, n]);
}

/** Column k of the Cholesky factor, and what it leaves of the columns after it: lᵢₖ = aᵢₖ/√aₖₖ, aᵢⱼ ← aᵢⱼ − aᵢₖ aⱼₖ/aₖₖ */
const factorize: Program = {
  name: "factorize",
  rank: 2,
  parameters: { a: "array", n: "integer", k: "integer" },
  body: `
    ${PIVOT}
    let y = a[this.thread.y * n + this.thread.x];
    if (this.thread.y >= this.thread.x) {
      if (this.thread.x > k) { y = y - a[this.thread.y * n + k] * d * a[this.thread.x * n + k]; }
      if (this.thread.x === k) { y = y * Math.sqrt(d); }
    }
    return y;`,
};

/** Row k of the solution, and what it leaves of the equations after it: xₖ = bₖ/lₖₖ, bᵢ ← bᵢ − lᵢₖ xₖ. L is read at i·si + k·sk. */
const substitute: Program = {
  name: "substitute",
  rank: 2,
  parameters: {
    l: "array", b: "array", n: "integer", width: "integer", k: "integer", forward: "integer", si: "integer", sk: "integer",
  }, // prettier-ignore
  body: `
    const solved = b[k * width + this.thread.x] / l[k * n + k];
    let y = b[this.thread.y * width + this.thread.x];
    let after = k - this.thread.y;
    if (forward === 1) { after = this.thread.y - k; }
    if (after === 0) { y = solved; }
    if (after > 0) { y = y - l[this.thread.y * si + k * sk] * solved; }
    return y;`,
};

/** Zeros on the diagonal of L [n, n], counted by one thread. */
const zeroPivots: Program = {
  name: "zero-pivots",
  rank: 1,
  parameters: { l: "array", n: "integer" },
  body: "let y = 0.5; y = 0; for (let i = 0; i < n; i++) { if (l[i * n + i] === 0) { y = y + 1; } } return y;",
};

export function invertSpd(run: Launcher, a: Resident, n: number): Resident {
  return checked(
    run,
    a,
    n,
    (x) => reference.invertSpd(x, n),
    (lower) => {
      const whole = run.launch(mirrored, [lower, n], [n, n]);
      const inverse = invertInBlocks(run, whole, n);
      return run.consuming([inverse], () => run.launch(mirrored, [inverse, n], [n, n]));
    },
  );
}

export function cholesky(run: Launcher, a: Resident, n: number): Resident {
  return checked(
    run,
    a,
    n,
    (x) => reference.cholesky(x, n),
    (lower) => steps(run, factorize, same(run, lower), n),
  );
}

/** X with op(L)·X = B; b [n, width]. */
export function solveTriangular(
  run: Launcher,
  l: Resident,
  b: Resident,
  n: number,
  width: number,
  triangle: Triangle,
): Resident {
  const { upper = false, transpose = false } = triangle;
  const forward = upper === transpose;
  const [si, sk] = transpose ? [1, n] : [n, 1];
  let x = b;
  for (let i = 0; i < n; i++) {
    const before = x;
    const args = [l, before, n, width, forward ? i : n - 1 - i, Number(forward), si, sk];
    x = run.consuming(i === 0 ? [] : [before], () => run.launch(substitute, args, [width, n]));
  }
  if (n === 0) return x;
  const [evidence, zeros] = [same(run, l), run.launch(zeroPivots, [l, n], [1])];
  const refute = (values: Float32Array) => reference.solveTriangular(values, new Float32Array(n), n, 1, triangle);
  return doubted(run, x, [zeros], evidence, refute);
}

/** By the host: a trip there and back took less time than Jacobi sweeps on every device at hand. */
export function symmetricEigen(run: Launcher, a: Resident, n: number): { values: Resident; vectors: Resident } {
  const matrix = run.stored(a);
  if (matrix.elements === undefined) return { values: a, vectors: a };
  let failure: Error | undefined;
  const [values, vectors] = run.device.onHost(matrix.elements, [n, n * n], (x) => {
    try {
      return eigenOnHost(x.subarray(0, n * n), n);
    } catch (error) {
      if (!run.device.pending) throw error;
      failure = error as Error;
      return [new Float32Array(n).fill(NaN), new Float32Array(n * n).fill(NaN)];
    }
  });
  const adopted = (doubts: readonly Doubt[]) => ({
    values: run.adopt(values, n, doubts),
    vectors: run.adopt(vectors, n * n, doubts),
  });
  if (!run.device.pending) return adopted([]);
  const doubt = new Doubt(async () => {
    await run.device.read(values, n);
    return failure;
  });
  return adopted([...unsettled([matrix]), doubt]);
}

/** Values and vectors: by the kernels of wasm in float64, or plainly where they fail: a page's policy may forbid WebAssembly. */
function eigenOnHost(a: Float32Array, n: number): Float32Array[] {
  try {
    if (hasWasm()) return eigenByWasm(a, n);
  } catch {
    // What is wrong with a float32 matrix is said below.
  }
  const { values, vectors } = reference.symmetricEigen(a, n);
  return [values, vectors];
}

function eigenByWasm(a: Float32Array, n: number): Float32Array[] {
  const backend = wasm();
  return scope(() => {
    const { values, vectors } = onTensor(tensor(Float64Array.from(a), { shape: [n, n], backend }));
    return [values, vectors].map((t) => Float32Array.from(backend.readNow(t)));
  });
}

/** A factorisation of A's lower triangle, which is worthless where A or the result is not finite: a pivot that fails is NaN. */
function checked(
  run: Launcher,
  a: Resident,
  n: number,
  onHost: (a: Float32Array) => unknown,
  factorization: (lower: Resident) => Resident,
): Resident {
  if (n === 0) return a;
  const lower = lowerTriangle(run, a, n);
  const result = factorization(lower);
  return doubted(run, result, [faults(run, lower, n * n), faults(run, result, n * n)], lower, onHost);
}

/**
 * A result that is worthless unless all counts are 0; they are looked at once where they are there at once, and at the first read
 * elsewhere. What is wrong is then said by the host, which tries the same on the evidence.
 */
function doubted(
  run: Launcher,
  result: Resident,
  counts: readonly Resident[],
  evidence: Resident,
  onHost: (evidence: Float32Array) => unknown,
): Resident {
  const { device } = run;
  const explain = (values: Float32Array) => {
    try {
      onHost(values);
    } catch (error) {
      return error as Error;
    }
    return new NumericalError(
      "gpu: a factorisation fails in the device's float32 that succeeds on the host; add damping",
    );
  };
  const release = () => {
    for (const each of [...counts, evidence]) run.free(each);
  };
  if (device.readNow === undefined) {
    const read = (x: Resident) => device.read(run.stored(x).elements ?? {}, x.length);
    const doubt = new Doubt(async () => {
      try {
        const found = await Promise.all(counts.map(read));
        return found.some(([count]) => count !== 0) ? explain(await read(evidence)) : undefined;
      } finally {
        release();
      }
    });
    const stored = run.stored(result);
    stored.doubts = [...stored.doubts, doubt];
    return result;
  }
  const readNow = (x: Resident) => device.readNow?.(run.stored(x).elements ?? {}, x.length) ?? new Float32Array();
  const error = counts.some((count) => readNow(count)[0] !== 0) ? explain(readNow(evidence)) : undefined;
  release();
  if (error === undefined) return result;
  run.free(result);
  throw error;
}

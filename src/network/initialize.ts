import type { RandomStream } from "../tensor/random.js";

/** Draws a weight matrix [d_out, d_in + 1], row by row; the last column is the bias. */
export type Initialize = (shape: readonly [dOut: number, columns: number], random: RandomStream) => Float64Array;

/** Wᵢⱼ uniform in ±√(6 / (d_in + d_out)), bias 0 (Glorot & Bengio 2010). */
export const glorot: Initialize = ([dOut, columns], random) => {
  const limit = Math.sqrt(6 / (columns - 1 + dOut));
  const weights = random.uniform(dOut * columns).map((u) => limit * (2 * u - 1));
  for (let i = 0; i < dOut; i++) weights[(i + 1) * columns - 1] = 0;
  return weights;
};

/** `incoming` N(0, 1) weights into each unit, the others and the bias 0 (Martens 2010; §13 of the paper uses 15). */
export function sparse(incoming: number): Initialize {
  if (!Number.isInteger(incoming) || incoming < 1)
    throw new RangeError(`sparse: ${incoming} incoming weights; it must be an integer of at least 1`);
  return ([dOut, columns], random) => {
    const weights = new Float64Array(dOut * columns);
    const count = Math.min(incoming, columns - 1);
    for (let i = 0; i < dOut; i++) {
      const values = random.normal(count);
      random.permutation(columns - 1, count).forEach((j, c) => (weights[i * columns + j] = values[c]));
    }
    return weights;
  };
}

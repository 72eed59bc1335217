import {
  blockDiagonal,
  blockTridiagonal,
  dampedFactors,
  denseInverse,
  denseKroneckerFisher,
  invertSpd,
  read,
  scope,
  type KroneckerFactors,
  type Tensor,
} from "kronfac";

/** The inverses of one damped F̃, each as a dense matrix [p, p]. */
export interface Inverses {
  /** F̃⁻¹: of the whole matrix. */
  readonly full: Float64Array;
  /** F̆⁻¹ (§4.2). */
  readonly diagonal: Float64Array;
  /** F̂⁻¹ (§4.3). */
  readonly tridiagonal: Float64Array;
}

/** Every inverse of F̃ with factored Tikhonov damping γ (§6.3) on its diagonal blocks, each block with its own π. */
export async function denseInverses(factors: KroneckerFactors, gamma: number): Promise<Inverses> {
  const shapes = factors.diagonal.map(({ A, G }) => [G.shape[0], A.shape[0]]);
  const like = factors.diagonal[0].A;
  const dense = (make: () => Tensor) => readAndFree(scope(make));
  return {
    full: await dense(() => invertSpd(denseKroneckerFisher(dampedFactors(factors, { gamma })))),
    diagonal: await dense(() => denseInverse(blockDiagonal(factors, { gamma }), shapes, like)),
    tridiagonal: await dense(() => denseInverse(blockTridiagonal(factors, { gamma }), shapes, like)),
  };
}

export async function readAndFree(t: Tensor): Promise<Float64Array> {
  const values = await read(t);
  t.dispose();
  return Float64Array.from(values);
}

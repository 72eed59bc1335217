import type { Loss } from "../network/loss.js";
import { reshape, slice } from "../tensor/operations.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { productsAt } from "./fisherProducts.js";
import type { Inverse } from "./inverse.js";
import type { Pass } from "./objective.js";
import type { ModelProducts } from "./quadraticModel.js";
import { inner, scaled, type Vector } from "./vectors.js";

/** A direction to step along, and where it came from. */
export interface Proposal<I extends Inverse = Inverse> {
  readonly gamma: number;
  readonly inverse: I;
  /** Δ = −F̂⁻¹∇h, by whichever inverse. */
  readonly delta: Vector;
}

export function propose<I extends Inverse>(pass: Pass, gamma: number, inverse: I): Proposal<I> {
  return { gamma, inverse, delta: scope(() => scaled(inverse(pass.gradient), -1)) };
}

/** The scalars of M along Δ and δ₀ as tensors, not yet read; products with F are over the first ⌊τ₂m⌋ cases (§8). */
export function modelProducts(
  pass: Pass,
  loss: Loss,
  delta: Vector,
  previous: Vector | undefined,
  fraction: number,
): Record<string, Tensor> {
  return scope(() => {
    const n = Math.max(1, Math.floor(fraction * pass.cases));
    const F = productsAt(pass.at, loss, previous === undefined ? [delta] : [delta, previous], n);
    const entry = (i: number, j: number) =>
      reshape(
        slice(F, [
          [i, i + 1],
          [j, j + 1],
        ]),
        [],
      );
    return {
      gDelta: inner(pass.gradient, delta),
      delta: inner(delta, delta),
      fDelta: entry(0, 0),
      ...(previous !== undefined && {
        gPrevious: inner(pass.gradient, previous),
        cross: inner(delta, previous),
        previous: inner(previous, previous),
        fCross: entry(0, 1),
        fPrevious: entry(1, 1),
      }),
    };
  });
}

/** The products that were read, by name; those that δ₀ would have had are 0 where there was none. */
export function readProducts(read: Readonly<Record<string, number>>): ModelProducts {
  const {
    gDelta = NaN,
    delta = NaN,
    fDelta = NaN,
    gPrevious = 0,
    cross = 0,
    previous = 0,
    fCross = 0,
    fPrevious = 0,
  } = read;
  return { gDelta, delta, fDelta, gPrevious, cross, previous, fCross, fPrevious };
}

import { concatenate, matmul } from "../autodiff/index.js";
import { ones } from "../tensor/create.js";
import type { RandomStream } from "../tensor/random.js";
import { format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { nameOfActivation } from "./activationName.js";
import { glorot, type Initialize } from "./initialize.js";
import type { Trace } from "./model.js";

/** An elementwise function s ↦ a: any differentiable elementwise operation. */
export type Activation = (s: Tensor) => Tensor;

/** A layer is a pure function of its weights and the previous layer's output. */
export interface Layer {
  /** [d_out, d_in + 1] */
  readonly weightShape: readonly [dOut: number, columns: number];
  /** What its activation is called, for checkpoints: "tanh", say, or "custom". */
  readonly activation?: string;
  /** Weights to start from, row by row; the network's own initialisation, if it names one, takes precedence. */
  initialize(random: RandomStream): ArrayLike<number>;
  /** W: [d_out, d_in + 1], aPrev: [m, d_in] → traces with m rows. */
  forward(W: Tensor, aPrev: Tensor): Trace;
}

/** A fully connected layer: āᵢ₋₁ = [aᵢ₋₁; 1], sᵢ = Wᵢ āᵢ₋₁, aᵢ = φᵢ(sᵢ) (§2). */
export function dense(dIn: number, dOut: number, activation: Activation, initialize: Initialize = glorot): Layer {
  for (const [name, d] of Object.entries({ dIn, dOut }))
    if (!Number.isInteger(d) || d < 1)
      throw new RangeError(`dense: ${name} is ${d}; it must be an integer of at least 1`);
  const weightShape = [dOut, dIn + 1] as const;
  return {
    weightShape,
    activation: nameOfActivation(activation),
    initialize: (random) => initialize(weightShape, random),
    forward(W, aPrev) {
      const aBar = homogeneous(aPrev);
      if (aBar.shape[1] !== dIn + 1)
        throw new RangeError(`dense: the layer takes ${dIn} inputs a case, but was given ${format(aPrev.shape)}`);
      const s = matmul(aBar, W, { transposeB: true });
      return { aBar, s, a: activation(s) };
    },
  };
}

/** ā = [a; 1] for every case: [m, d] → [m, d + 1]. @throws RangeError unless a is a matrix. */
export function homogeneous(a: Tensor): Tensor {
  if (a.shape.length !== 2) throw new RangeError(`layer inputs must be [cases×features], not ${format(a.shape)}`);
  return concatenate([a, ones([a.shape[0], 1], { dtype: a.dtype, backend: a.backend })], 1);
}

import { matmul } from "../../src/autodiff/index.js";
import { homogeneous, type Activation } from "../../src/network/layer.js";
import type { Model, Trace } from "../../src/network/model.js";
import { disposeAll, keep } from "../../src/tensor/scope.js";
import { share, type Tensor } from "../../src/tensor/tensor.js";
import { rows } from "./close.js";
import { identity, inverse, plus, product, type Matrix } from "./dense.js";
import { normalTensor, tensorOf } from "./problems.js";

/** Invertible matrices of §10: Ω₀, …, Ωℓ₋₁ act on ā₀, …, āℓ₋₁, and Φ₁, …, Φℓ on s†₁, …, s†ℓ. */
export interface Reparametrisation {
  readonly Omega: readonly Matrix[];
  readonly Phi: readonly Matrix[];
}

/** I plus noise: invertible, and nothing of the homogeneous coordinate is kept. */
export async function randomReparametrisation(
  shapes: readonly (readonly number[])[],
  seed: number,
): Promise<Reparametrisation> {
  const near = async (n: number, s: number) =>
    plus(identity(n), await rows(normalTensor([n, n], s)), 0.4 / Math.sqrt(n));
  return {
    Omega: await Promise.all(shapes.map(([, columns], i) => near(columns, 100 * seed + i))),
    Phi: await Promise.all(shapes.map(([rows], i) => near(rows, 100 * seed + 50 + i))),
  };
}

/** Φᵢ W†ᵢ Ωᵢ₋₁ of every layer: the weights (or updates) of the network from those of the reparametrised one. */
export function carriedBack({ Omega, Phi }: Reparametrisation, W: readonly Matrix[]): Matrix[] {
  return W.map((Wi, i) => product(product(Phi[i], Wi), Omega[i]));
}

/**
 * The network s† of §10, which computes the same function: āᵢ† = Ωᵢ φ̄ᵢ(Φᵢ sᵢ†) with φ̄ᵢ appending a 1, sᵢ† = Wᵢ† āᵢ₋₁†, and
 * Wᵢ† = Φᵢ⁻¹ Wᵢ Ωᵢ₋₁⁻¹. `activations` are φᵢ.
 */
export class Reparametrised implements Model {
  readonly #Omega: readonly Tensor[];
  readonly #Phi: readonly Tensor[];
  readonly #activations: readonly Activation[];
  #weights: readonly Tensor[];

  constructor(
    W: readonly Matrix[],
    activations: readonly Activation[],
    { Omega, Phi }: Reparametrisation,
    place: Pick<Tensor, "backend" | "dtype">,
  ) {
    this.#Omega = Omega.map((matrix) => tensorOf(matrix, place));
    this.#Phi = Phi.map((matrix) => tensorOf(matrix, place));
    this.#activations = activations;
    this.#weights = W.map((Wi, i) => tensorOf(product(product(inverse(Phi[i]), Wi), inverse(Omega[i])), place));
  }

  get weights(): Tensor[] {
    return this.#weights.map(share);
  }

  setWeights(weights: readonly Tensor[]): void {
    const old = this.#weights;
    this.#weights = keep(weights.map(share));
    disposeAll(old);
  }

  apply(weights: readonly Tensor[], x: Tensor): Trace[] {
    const traces: Trace[] = [];
    let a = x;
    weights.forEach((W, i) => {
      const aBar = matmul(homogeneous(a), this.#Omega[i], { transposeB: true });
      const s = matmul(aBar, W, { transposeB: true });
      a = this.#activations[i](matmul(s, this.#Phi[i], { transposeB: true }));
      traces.push({ aBar, s, a });
    });
    return traces;
  }
}

/*
 * The network of §2 case by case, on numbers: what the tensors' forward and backward passes are compared with.
 */
import { average, dot, kron, matrix, outer, plus, product, scaled, transposed, type Matrix } from "./dense.js";

/** φ and φ′ of one number. */
export interface PlainActivation {
  f(s: number): number;
  slope(s: number): number;
}

export const plainTanh: PlainActivation = { f: Math.tanh, slope: (s) => 1 - Math.tanh(s) ** 2 };
export const plainIdentity: PlainActivation = { f: (s) => s, slope: () => 1 };

/** L and its first two derivatives for one case. */
export interface PlainLoss {
  value(z: readonly number[], t: readonly number[]): number;
  gradient(z: readonly number[], t: readonly number[]): number[];
  hessian(z: readonly number[]): Matrix;
}

export const plainSquaredError: PlainLoss = {
  value: (z, t) => 0.5 * z.reduce((sum, zc, c) => sum + (zc - t[c]) ** 2, 0),
  gradient: (z, t) => z.map((zc, c) => zc - t[c]),
  hessian: (z) => matrix(z.length, z.length, (i, j) => Number(i === j)),
};

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

export const plainSigmoidCrossEntropy: PlainLoss = {
  value: (z, t) =>
    z.reduce((sum, zc, c) => sum - t[c] * Math.log(sigmoid(zc)) - (1 - t[c]) * Math.log(1 - sigmoid(zc)), 0),
  gradient: (z, t) => z.map((zc, c) => sigmoid(zc) - t[c]),
  hessian: (z) => matrix(z.length, z.length, (i, j) => (i === j ? sigmoid(z[i]) * (1 - sigmoid(z[i])) : 0)),
};

export function plainSoftmax(z: readonly number[]): number[] {
  const total = z.reduce((sum, zc) => sum + Math.exp(zc), 0);
  return z.map((zc) => Math.exp(zc) / total);
}

export const plainSoftmaxCrossEntropy: PlainLoss = {
  value: (z, t) => -dot(t, plainSoftmax(z).map(Math.log)),
  gradient: (z, t) => plainSoftmax(z).map((p, c) => p - t[c]),
  hessian: (z) => {
    const p = plainSoftmax(z);
    return matrix(z.length, z.length, (i, j) => (i === j ? p[i] : 0) - p[i] * p[j]);
  },
};

/** One case passed through: āᵢ₋₁, sᵢ, z and dz/dsᵢ [k, dᵢ] of every layer. */
export interface PlainPass {
  readonly aBars: number[][];
  readonly s: number[][];
  readonly z: number[];
  readonly jacobians: Matrix[];
}

export function plainPass(
  weights: readonly Matrix[],
  activations: readonly PlainActivation[],
  x: readonly number[],
): PlainPass {
  const aBars: number[][] = [];
  const s: number[][] = [];
  let a = [...x];
  weights.forEach((W, i) => {
    const aBar = [...a, 1];
    const si = W.map((row) => dot(row, aBar));
    aBars.push(aBar);
    s.push(si);
    a = si.map((value) => activations[i].f(value));
  });
  const jacobians: Matrix[] = [];
  // dz/daᵢ, from the last layer to the first.
  let J = matrix(a.length, a.length, (i, j) => Number(i === j));
  for (let i = weights.length - 1; i >= 0; i--) {
    const Js = J.map((row) => row.map((value, j) => value * activations[i].slope(s[i][j])));
    jacobians.unshift(Js);
    J = product(
      Js,
      weights[i].map((row) => row.slice(0, -1)),
    );
  }
  return { aBars, s, z: a, jacobians };
}

/** A plain network and loss with everything that is computed of them. */
export class PlainProblem {
  readonly activations: readonly PlainActivation[];
  readonly loss: PlainLoss;
  readonly eta: number;

  constructor(activations: readonly PlainActivation[], loss: PlainLoss, eta = 0) {
    this.activations = activations;
    this.loss = loss;
    this.eta = eta;
  }

  passes(weights: readonly Matrix[], inputs: Matrix): PlainPass[] {
    return inputs.map((x) => plainPass(weights, this.activations, x));
  }

  /** h = mean loss + η/2 ‖θ‖² */
  objective(weights: readonly Matrix[], inputs: Matrix, targets: Matrix): number {
    const losses = this.passes(weights, inputs).map(({ z }, n) => this.loss.value(z, targets[n]));
    const squares = weights.flat(2).reduce((sum, w) => sum + w * w, 0);
    return losses.reduce((sum, value) => sum + value, 0) / losses.length + 0.5 * this.eta * squares;
  }

  /** gᵢ of every layer and case: [layer][case][dᵢ]. */
  preactivationGradients(weights: readonly Matrix[], inputs: Matrix, targets: Matrix): Matrix[] {
    const passes = this.passes(weights, inputs);
    return weights.map((_, i) =>
      passes.map(({ z, jacobians }, n) => product([this.loss.gradient(z, targets[n])], jacobians[i])[0]),
    );
  }

  /** ∇h: DWᵢ = gᵢ āᵢ₋₁ᵀ averaged, + ηWᵢ. */
  gradient(weights: readonly Matrix[], inputs: Matrix, targets: Matrix): Matrix[] {
    const passes = this.passes(weights, inputs);
    const g = this.preactivationGradients(weights, inputs, targets);
    return weights.map((W, i) => plus(average(passes.map(({ aBars }, n) => outer(g[i][n], aBars[i]))), W, this.eta));
  }

  /** F = E[Jᵀ Hess J] over θ = [vec W₁; …], columns stacked: J is dz/dθ. */
  fisher(weights: readonly Matrix[], inputs: Matrix): Matrix {
    return average(
      this.passes(weights, inputs).map(({ aBars, z, jacobians }) => {
        const J = z.map((_, c) => jacobians.flatMap((Js, i) => aBars[i].flatMap((a) => Js[c].map((g) => g * a))));
        return product(product(transposed(J), this.loss.hessian(z)), J);
      }),
    );
  }

  /** Āᵢ₋₁,ⱼ₋₁ and Gᵢⱼ with the expectation over y taken exactly. */
  factors(weights: readonly Matrix[], inputs: Matrix, i: number, j: number): { A: Matrix; G: Matrix } {
    const passes = this.passes(weights, inputs);
    return {
      A: average(passes.map(({ aBars }) => outer(aBars[i], aBars[j]))),
      G: average(
        passes.map(({ z, jacobians }) =>
          product(product(transposed(jacobians[i]), this.loss.hessian(z)), jacobians[j]),
        ),
      ),
    };
  }

  /** F̃ with all its blocks. */
  kroneckerFisher(weights: readonly Matrix[], inputs: Matrix): Matrix {
    return weights.flatMap((_, i) => {
      const blocks = weights.map((__, j) => {
        const { A, G } = this.factors(weights, inputs, i, j);
        return kron(A, G);
      });
      return blocks[0].map((___, r) => blocks.flatMap((B) => B[r]));
    });
  }
}

/** ½ of a matrix plus ½ of its transpose. */
export function symmetrised(A: Matrix): Matrix {
  return scaled(plus(A, transposed(A)), 0.5);
}

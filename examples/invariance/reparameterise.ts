import { invertSpd, inverseSquareRoot } from "kronfac/linalg";
import { dense, identity, matmul, network, scope, sigmoid, tanh, tensor, type Network, type Tensor } from "kronfac";

/**
 * The same functions under other parameters (§10): a network† whose layers compute
 *   aᵢ† = Ωᵢ φ̄ᵢ(Φᵢ sᵢ†)
 * is the network itself where Wᵢ = Φᵢ Wᵢ† Ωᵢ₋₁. Ω₀ transforms the inputs. Here Φᵢ is a multiple of I, and Ωᵢ acts on [a; 1].
 */
export interface Reparameterisation {
  readonly name: string;
  /** tanh units instead of sigmoid ones: tanh(s†) = 2σ(2s†) − 1, so Φ = 2I and Ω [a; 1] = [2a − 1; 1]. */
  readonly units: "sigmoid" | "tanh";
  /** Of the inputs, which stay as they are where it is missing. */
  readonly inputs?: Affine;
}

/** M and c of x† = Mx + c; M symmetric and positive definite, [d, d], row-major. */
export interface Affine {
  readonly M: Float64Array;
  readonly c: Float64Array;
}

/** The same networks and data, described five times. x: [m, d], row-major. */
export function reparameterisations(x: Float64Array, d: number): Reparameterisation[] {
  const stretched = stretch(d);
  const whitened = whiten(x, d);
  return [
    { name: "sigmoid units", units: "sigmoid" },
    { name: "tanh units", units: "tanh" },
    { name: "affine inputs", units: "sigmoid", inputs: stretched },
    { name: "whitened inputs", units: "sigmoid", inputs: whitened },
    { name: "tanh, whitened", units: "tanh", inputs: whitened },
  ];
}

/** x† of every case: [m, d], row-major. */
export function transformInputs(x: Float64Array, d: number, inputs: Affine | undefined): Float64Array {
  if (inputs === undefined) return x;
  const { M, c } = inputs;
  return x.map((_, at) => {
    const [start, i] = [at - (at % d), at % d];
    let sum = c[i];
    for (let j = 0; j < d; j++) sum += M[i * d + j] * x[start + j];
    return sum;
  });
}

/** The network† of a network of sigmoid units: Wᵢ† = Φᵢ⁻¹ Wᵢ Ωᵢ₋₁⁻¹. */
export function reparameterised(
  widths: readonly number[],
  weights: readonly Tensor[],
  { units, inputs }: Reparameterisation,
): Network {
  const last = widths.length - 2;
  const { dtype, backend } = weights[0];
  const layers = widths
    .slice(1)
    .map((width, i) => dense(widths[i], width, i === last ? identity : units === "tanh" ? tanh : sigmoid));
  const net = network(layers, { dtype, backend });
  const changed = scope(() =>
    weights.map((W, i) => {
      const before = inverseOmega(widths[i], i === 0 ? inputs : units === "tanh" ? centre(widths[i]) : undefined);
      const scale = i < last && units === "tanh" ? 1 / 2 : 1;
      const change = tensor(
        before.map((value) => scale * value),
        { shape: [widths[i] + 1, widths[i] + 1], dtype, backend },
      );
      return matmul(W, change);
    }),
  );
  net.setWeights(changed);
  for (const W of changed) W.dispose();
  return net;
}

/** a† = 2a − 1 */
function centre(d: number): Affine {
  return { M: diagonal(new Float64Array(d).fill(2)), c: new Float64Array(d).fill(-1) };
}

/** Every input on another scale, from ⅓ to 3, and moved by 1. */
function stretch(d: number): Affine {
  const scales = Float64Array.from({ length: d }, (_, j) => 3 ** ((2 * j) / Math.max(1, d - 1) - 1));
  return { M: diagonal(scales), c: new Float64Array(d).fill(1) };
}

/** x† = C^−½ (x − mean), C the covariance: mean 0 and covariance I over the cases. */
function whiten(x: Float64Array, d: number): Affine {
  const m = x.length / d;
  const mean = new Float64Array(d);
  x.forEach((value, at) => (mean[at % d] += value / m));
  const C = new Float64Array(d * d);
  for (let n = 0; n < m; n++)
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) C[i * d + j] += ((x[n * d + i] - mean[i]) * (x[n * d + j] - mean[j])) / m;
  const M = inverseSquareRoot(C, d);
  const c = mean.map((_, i) => -mean.reduce((sum, value, j) => sum + M[i * d + j] * value, 0));
  return { M, c };
}

function diagonal(values: Float64Array): Float64Array {
  const d = values.length;
  const M = new Float64Array(d * d);
  values.forEach((value, i) => (M[i * d + i] = value));
  return M;
}

/** Ω⁻¹ of Ω = [M c; 0 1], which is [M⁻¹ −M⁻¹c; 0 1]; I where there is none. [d + 1, d + 1], row-major. */
function inverseOmega(d: number, affine: Affine | undefined): Float64Array {
  const n = d + 1;
  const result = new Float64Array(n * n);
  result[n * n - 1] = 1;
  const { M, c } = affine ?? { M: diagonal(new Float64Array(d).fill(1)), c: new Float64Array(d) };
  const inverse = invertSpd(M, d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) {
      result[i * n + j] = inverse[i * d + j];
      result[i * n + d] -= inverse[i * d + j] * c[j];
    }
  return result;
}

import {
  add,
  blockDiagonal,
  concatenate,
  denseFisher,
  eye,
  fisherProducts,
  gradients,
  invertSpd,
  klDivergence,
  kroneckerFactors,
  matmul,
  mean,
  mul,
  outputOf,
  read,
  reshape,
  scope,
  sub,
  unvec,
  variable,
  vec,
  type Data,
  type Loss,
  type Network,
  type Tensor,
  type Vector,
} from "kronfac";

/** One step δ = tD along a direction D scaled so that DᵀFD = 1. */
export interface Step {
  readonly t: number;
  /** ½δᵀFδ = ½t² */
  readonly quadratic: number;
  /** KL(P(θ) ‖ P(θ + δ)), the mean over the cases. */
  readonly kl: number;
  /** h(θ) − h(θ + δ) */
  readonly decrease: number;
}

export interface Divergence {
  readonly direction: string;
  readonly steps: readonly Step[];
  /** d log KL / d log t between the two smallest steps: 2 where the quadratic holds. */
  readonly slope: number;
}

/** What steps along each direction of descent do to the predictions and to h (§2.2). `ts`: ascending. */
export async function divergences(
  net: Network,
  loss: Loss,
  data: Data,
  { lambda, ts }: { readonly lambda: number; readonly ts: readonly number[] },
): Promise<Divergence[]> {
  const found: Divergence[] = [];
  for (const [direction, D] of Object.entries(directions(net, loss, data, lambda))) {
    const [squared] = await read(fisherProducts(net, loss, data.inputs, [D]));
    const unit = D.map((part) => mul(part, 1 / Math.sqrt(squared)));
    const steps: Step[] = [];
    for (const t of ts) steps.push(await step(net, loss, data, unit, t));
    const [a, b] = steps;
    found.push({ direction, steps, slope: Math.log(b.kl / a.kl) / Math.log(b.t / a.t) });
  }
  return found;
}

/** −∇h, −(F + λI)⁻¹∇h with the exact F, and −F̆⁻¹∇h with γ = √λ. */
function directions(net: Network, loss: Loss, data: Data, lambda: number): Record<string, Vector> {
  return scope(() => {
    const weights = net.weights.map(variable);
    const h = mean(loss.value(outputOf(net.apply(weights, data.inputs)), data.targets));
    const gradient = gradients(h, weights);
    const F = denseFisher(net, loss, data.inputs);
    const damped = invertSpd(add(F, mul(eye(F.shape[0], F), lambda)));
    const shapes = gradient.map(({ shape }) => shape);
    const natural = unvec(reshape(matmul(damped, reshape(vec(gradient), [-1, 1])), [-1]), shapes);
    const factors = kroneckerFactors(net, loss, data, { fisher: "exact" });
    const kronecker = blockDiagonal(factors, { gamma: Math.sqrt(lambda) })(gradient);
    const down = (V: Vector) => V.map((part) => mul(part, -1));
    return { "steepest descent": down(gradient), "natural gradient": down(natural), "K-FAC": down(kronecker) };
  });
}

async function step(net: Network, loss: Loss, { inputs, targets }: Data, D: Vector, t: number): Promise<Step> {
  using values = scope(() => {
    const weights = net.weights;
    const moved = weights.map((W, i) => add(W, mul(D[i], t)));
    const [z, zMoved] = [weights, moved].map((at) => outputOf(net.apply(at, inputs)));
    const [before, after] = [z, zMoved].map((at) => mean(loss.value(at, targets)));
    return stacked([klDivergence(loss, z, zMoved), sub(before, after)]);
  });
  const [kl, decrease] = await read(values);
  return { t, quadratic: t ** 2 / 2, kl, decrease };
}

/** Scalars as one vector, to be read in one wait. */
function stacked(scalars: readonly Tensor[]): Tensor {
  return concatenate(scalars.map((scalar) => reshape(scalar, [1])));
}

import fc from "fast-check";
import {
  blockDiagonal,
  blockTridiagonal,
  cpu,
  dense,
  exactTikhonov,
  fullKronecker,
  identity,
  Kfac,
  network,
  NumericalError,
  read,
  relu,
  sigmoid,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  softplus,
  squaredError,
  stream,
  tanh,
  tensor,
  wasm,
  type Data,
  type Network,
  type StepEvent,
} from "kronfac";

const activations = { tanh, sigmoid, relu, softplus, identity };
const losses = { squaredError, sigmoidCrossEntropy, softmaxCrossEntropy };
const inverses = { blockDiagonal, blockTridiagonal, exactTikhonov, fullKronecker };
const backends = { cpu: cpu(), wasm: wasm({ threads: 1, simd: "baseline" }) };

/** A training run as plain data: the same numbers give the same run. */
export interface Training {
  /** d₀, …, dℓ */
  readonly widths: readonly number[];
  /** Of every layer. */
  readonly activations: readonly (keyof typeof activations)[];
  readonly loss: keyof typeof losses;
  /** Targets of softmaxCrossEntropy as labels [m]. */
  readonly labels: boolean;
  readonly inverse: keyof typeof inverses;
  readonly fisher: "sampled" | "exact" | "curvature-propagation" | "empirical";
  readonly dtype: "float32" | "float64";
  readonly backend: keyof typeof backends;
  readonly cases: number;
  /** Of the weights, the data and what is sampled. */
  readonly seed: number;
  /** T₁: 1, or the default. */
  readonly adaptLambdaEvery: 1 | 5;
}

const layers = fc.oneof(...[10, 5, 1, 1, 1, 1].map((weight, i) => ({ weight, arbitrary: fc.constant(i + 1) })));
const width = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
);

// "exact" takes a backward pass for every output, so its turn comes seldom.
const fisher = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("sampled", "curvature-propagation", "empirical") },
  { weight: 1, arbitrary: fc.constant("exact" as const) },
);

/** The full F̃ is a dense matrix of all weights, so its networks are small. */
const LARGEST_FULL = 120;

/** Networks of 1 to 6 layers of 1 to 40 units, small ones more often, and up to 64 cases. */
export const trainings: fc.Arbitrary<Training> = fc
  .record({
    widths: layers.chain((count) => fc.array(width, { minLength: count + 1, maxLength: count + 1 })),
    hidden: fc.array(oneOf(activations), { minLength: 6, maxLength: 6 }),
    linearOutput: fc.boolean(),
    loss: oneOf(losses),
    labels: fc.boolean(),
    inverse: oneOf(inverses),
    fisher,
    dtype: fc.constantFrom("float32", "float64"),
    backend: oneOf(backends),
    cases: fc.integer({ min: 1, max: 64 }),
    seed: fc.nat(),
    adaptLambdaEvery: fc.constantFrom(1, 5),
  })
  .map(({ hidden, linearOutput, ...rest }) => {
    const last = rest.widths.length - 2;
    const tooLarge = rest.inverse === "fullKronecker" && parameters(rest.widths) > LARGEST_FULL;
    return {
      ...rest,
      inverse: tooLarge ? "blockTridiagonal" : rest.inverse,
      activations: hidden.slice(0, last + 1).map((name, i) => (linearOutput && i === last ? "identity" : name)),
    };
  });

function oneOf<T extends object>(named: T): fc.Arbitrary<keyof T> {
  return fc.constantFrom(...(Object.keys(named) as (keyof T)[]));
}

function parameters(widths: readonly number[]): number {
  return widths.slice(1).reduce((total, d, i) => total + d * (widths[i] + 1), 0);
}

/** What a training run came to. */
export interface Outcome {
  /** Whether h after the last step is above h before the first. */
  readonly above: boolean;
  readonly steps: number;
  readonly events: readonly StepEvent[];
  /** The documented error that training stopped with. */
  readonly stopped?: string;
}

/** h is a sum in the dtype of the network. */
const ROUNDING = { float32: 1e-6, float64: 1e-12 };

/**
 * Trains with the default options, but for T₁, on one batch, whose h is therefore the same function in every step: no error but
 * NumericalError, and every weight and every h finite. Where every step is measured (T₁ = 1), none raises h; otherwise none leaves h more
 * than doubled.
 * @throws Error where that does not hold.
 */
export async function train(of: Training, steps: number): Promise<Outcome> {
  const { net, data, kfac } = build(of);
  const objectives: number[] = [];
  const events: StepEvent[] = [];
  let stopped: string | undefined;
  try {
    // One step more reports h after the last.
    while (objectives.length <= steps) {
      const report = await kfac.step(data);
      objectives.push(report.objective);
      events.push(...report.events);
    }
  } catch (error) {
    if (!(error instanceof NumericalError)) throw error;
    stopped = error.message;
  }
  // A finite h, which holds ‖θ‖², says the same of the weights before.
  for (const W of net.weights) if (!(await read(W)).every(Number.isFinite)) throw new Error("a weight is not finite");
  if (!objectives.every(Number.isFinite)) throw new Error(`an objective is not finite: ${objectives.join(", ")}`);
  const rounding = ROUNDING[of.dtype];
  const rose = (before: number, after: number, allowed: number) => !(after - before <= allowed * Math.abs(before));
  objectives.slice(1).forEach((h, i) => {
    if (rose(objectives[i], h, of.adaptLambdaEvery === 1 ? rounding : 1 + rounding))
      throw new Error(`step ${i + 1} raised the objective from ${objectives[i]} to ${h}`);
  });
  const above = objectives.length > 0 && rose(objectives[0], objectives[objectives.length - 1], rounding);
  for (const owner of [kfac, net, data.inputs, data.targets]) owner.dispose();
  return { above, steps: objectives.length, events, ...(stopped !== undefined && { stopped }) };
}

/** The network, its data, and K-FAC with the default options but for the inverse, the Fisher and T₁. */
function build(of: Training): { net: Network; data: Data; kfac: Kfac } {
  const parts = of.activations.map((name, i) => dense(of.widths[i], of.widths[i + 1], activations[name]));
  const net = network(parts, { seed: of.seed, dtype: of.dtype, backend: backends[of.backend] });
  const { fisher, seed, adaptLambdaEvery } = of;
  const kfac = new Kfac(net, losses[of.loss], { inverse: inverses[of.inverse], fisher, seed, adaptLambdaEvery });
  return { net, data: dataFor(of), kfac };
}

function dataFor({ widths, loss, labels, dtype, backend, cases, seed }: Training): Data {
  const place = { dtype, backend: backends[backend] };
  const [d, k] = [widths[0], widths[widths.length - 1]];
  const random = stream(seed).split("data");
  const inputs = tensor(random.split(1).normal(cases * d), { shape: [cases, d], ...place });
  const values = loss === "squaredError" ? random.split(2).normal(cases * k) : random.split(2).uniform(cases * k);
  if (loss !== "softmaxCrossEntropy") return { inputs, targets: tensor(values, { shape: [cases, k], ...place }) };
  if (labels)
    return {
      inputs,
      targets: tensor(
        values.slice(0, cases).map((u) => Math.floor(u * k)),
        place,
      ),
    };
  for (let n = 0; n < cases; n++) {
    const row = values.subarray(n * k, (n + 1) * k);
    const total = row.reduce((sum, value) => sum + value, 0);
    row.forEach((value, c) => (row[c] = value / total));
  }
  return { inputs, targets: tensor(values, { shape: [cases, k], ...place }) };
}

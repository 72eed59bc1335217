/*
 * A guided tour of K-FAC, for someone who knows what a gradient is. Each stop needs only the ones before it, computes what it
 * explains on a network small enough for the exact Fisher as a matrix, and prints it. § are those of Martens & Grosse (2015).
 * It is over in a second, so it leaves its tensors to the garbage collector.
 */
import {
  add,
  blockDiagonal,
  blockTridiagonal,
  cpu,
  dampingRatios,
  dense,
  denseFisher,
  denseInverse,
  denseKroneckerFisher,
  dot,
  fisherProducts,
  fullKronecker,
  grad,
  gradients,
  identity,
  Kfac,
  klDivergence,
  kron,
  kroneckerFactors,
  matmul,
  mean,
  minimiseModel,
  mul,
  network,
  norm,
  outputOf,
  preactivationGradients,
  read,
  readScalar,
  reshape,
  setDefaultBackend,
  Sgd,
  slice,
  squaredError,
  stream,
  sub,
  sum,
  tanh,
  tensor,
  transpose,
  variable,
  vec,
  type Optimizer,
  type Tensor,
} from "kronfac";

const say = (text: string) => process.stdout.write(`${text}\n`);
const show = (x: number) => (x === 0 ? "0" : Math.abs(x) < 1e-3 ? x.toExponential(1) : x.toFixed(4));
const stop = (title: string) => say(`\n${title}\n${"─".repeat(title.length)}`);
/** How far a is from b, relative to b. */
const distance = async (a: Tensor, b: Tensor) => (await readScalar(norm(sub(a, b)))) / (await readScalar(norm(b)));

setDefaultBackend(cpu());
const dtype = "float64";

stop("1. Tensors");
const A = tensor(
  [
    [1, 2],
    [3, 4],
  ],
  { dtype },
);
say(`A tensor is a handle on numbers: A is [${A.shape.join(" × ")}], ${A.dtype}, on the ${A.backend.name} backend.`);
const product = matmul(A, transpose(A)); // at once: operations never wait
const numbers = await read(product); //      only reading does
say(`Operations return at once and only reading waits. A Aᵀ = ${numbers.join(", ")}`);

stop("2. Gradients");
const x = tensor([3, -1], { dtype });
const square = (x: Tensor) => sum(mul(x, x));
say(`grad turns a function into its gradient. f(x) = Σx² at (3, −1): ∇f = ${(await read(grad(square)(x))).join(", ")}`);

stop("3. A network, and what a layer sees (§2.1)");
const net = network([dense(2, 3, tanh), dense(3, 3, tanh), dense(3, 2, identity)], { seed: 1, dtype });
const cases = 60;
const inputs = tensor(stream(2).normal(2 * cases), { shape: [cases, 2], dtype });
const targets = tanh(
  matmul(
    inputs,
    tensor(
      [
        [2, -1],
        [1, 2],
      ],
      { dtype },
    ),
  ),
);
const data = { inputs, targets };
const traces = net.forward(inputs);
say("Layer i sees ā, its input with a 1 appended, and computes s = W ā. One row a case:");
say(
  `ā of layer 1, case 1: ${Array.from(await read(traces[0].aBar))
    .slice(0, 3)
    .map(show)
    .join(", ")}`,
);
const parameters = net.weights.reduce((total, W) => total + W.shape[0] * W.shape[1], 0);
say(`The weights W are ${net.weights.map((W) => `[${W.shape.join(" × ")}]`).join(", ")}: ${parameters} parameters.`);

stop("4. g, and the gradient from ā and g (Algorithm 1)");
const gs = preactivationGradients(squaredError, traces, targets);
const byHand = gs.map((g, i) => mul(matmul(g, traces[i].aBar, { transposeA: true }), 1 / cases));
const h = (weights: readonly Tensor[]) => mean(squaredError.value(outputOf(net.apply(weights, inputs)), targets));
const variables = net.weights.map(variable);
const gradient = gradients(h(variables), variables);
say("g is the derivative of one case's loss by s. The gradient by W is the mean of g āᵀ over the cases.");
say(`Relative distance to automatic differentiation: ${show(await distance(vec(byHand), vec(gradient)))}`);

stop("5. The Fisher F (§2.2)");
const F = denseFisher(net, squaredError, inputs);
say(`F is the curvature of what the network predicts, a [${F.shape.join(" × ")}] matrix here.`);
const delta = gradient.map((D) => mul(D, -0.01));
const z = outputOf(net.apply(net.weights, inputs));
const moved = outputOf(net.apply(plus(net.weights, delta), inputs));
const kl = await readScalar(klDivergence(squaredError, z, moved));
const quadratic = 0.5 * (await readScalar(fisherProducts(net, squaredError, inputs, [delta])));
say("A step δ changes the predictions, as KL divergence measures it, by ½δᵀFδ to second order.");
say(`Along −0.01 ∇h: KL is ${show(kl)}, ½δᵀFδ is ${show(quadratic)}, their ratio ${show(kl / quadratic)}`);
say(
  "The natural gradient F⁻¹∇h descends furthest for a given such change. But F is [p × p], and the paper's autoencoder has 2.8 million parameters.",
);

stop("6. Kronecker factors (§3)");
const factors = kroneckerFactors(net, squaredError, data, { fisher: "exact", pairs: "all" });
const { A: A1, G: G1 } = factors.diagonal[0];
say("K-FAC keeps A = E[ā āᵀ] and G = E[g gᵀ], with g for targets that the model itself expects. Of layer 1,");
say(`A is [${A1.shape.join(" × ")}], G is [${G1.shape.join(" × ")}], and A ⊗ G stands for the [9 × 9] block of F.`);
const V = gradient[0];
const long = reshape(matmul(kron(A1, G1), reshape(vec([V]), [-1, 1])), [-1]);
say("It is never formed: (A ⊗ G) vec(V) = vec(G V A).");
say(`Relative distance of the two: ${show(await distance(vec([matmul(matmul(G1, V), A1)]), long))}`);
const one = { inputs: slice(inputs, [[0, 1]]), targets: slice(targets, [[0, 1]]) };
const ofOne = kroneckerFactors(net, squaredError, one, { fisher: "exact", pairs: "all" });
const exactForOne = await distance(denseKroneckerFisher(ofOne), denseFisher(net, squaredError, one.inputs));
say(`F̃, of all such blocks, is F where there is one case; relative distance: ${show(exactForOne)}`);
say(
  `With ${cases} cases it is an approximation; relative distance: ${show(await distance(denseKroneckerFisher(factors), F))}`,
);

stop("7. Damping (§6.3)");
const gamma = 0.1;
const pi = dampingRatios(factors);
say("A and G may be singular, and F̃ is not to be trusted far away: A + πγI and G + (γ/π)I are inverted instead.");
say(
  `γ is ${gamma}; π balances the two by their traces. Of the layers: ${(await Promise.all(pi.map(readScalar))).map(show).join(", ")}`,
);

stop("8. Inverses (§4)");
const shapes = net.weights.map((W) => W.shape);
const [whole, diagonal, tridiagonal] = [fullKronecker, blockDiagonal, blockTridiagonal].map((prepare) =>
  denseInverse(prepare(factors, { pi, gamma }), shapes, F),
);
say("F̆ leaves out what layers have to do with each other: (A ⊗ G)⁻¹ = A⁻¹ ⊗ G⁻¹, so U = G⁻¹ V A⁻¹, layer by layer.");
say(`Relative distance of F̆⁻¹ to F̃⁻¹: ${show(await distance(diagonal, whole))}`);
say("F̂ lets every layer depend on the next: its inverse is block-tridiagonal, and still made of small matrices.");
say(`Relative distance of F̂⁻¹ to F̃⁻¹: ${show(await distance(tridiagonal, whole))}`);

stop("9. How far to step (§6.4)");
const [lambda, eta] = [gamma ** 2, 0];
const Delta = blockTridiagonal(factors, { pi, gamma })(gradient).map((U) => mul(U, -1));
const products = {
  gDelta: await readScalar(dot(vec(gradient), vec(Delta))),
  fDelta: await readScalar(fisherProducts(net, squaredError, inputs, [Delta])),
  delta: await readScalar(dot(vec(Delta), vec(Delta))),
};
const none = { gPrevious: 0, fCross: 0, fPrevious: 0, cross: 0, previous: 0 };
const minimum = minimiseModel({ ...products, ...none }, lambda, eta);
if (minimum === undefined) throw new Error("tour: the quadratic model has no minimum");
say(
  "Δ = −F̂⁻¹∇h is a direction. Its length comes from M(δ) = h + ∇hᵀδ + ½δᵀ(F + λI)δ, with the exact F: one forward sweep.",
);
say(
  `α is ${show(minimum.alpha)}; M then falls by ${show(-minimum.change)}, and −½∇hᵀδ is ${show(-0.5 * minimum.alpha * products.gDelta)}`,
);
const before = await readScalar(h(net.weights));
const after = await readScalar(
  h(
    plus(
      net.weights,
      Delta.map((D) => mul(D, minimum.alpha)),
    ),
  ),
);
say(`h itself falls by ${show(before - after)}, from ${show(before)} to ${show(after)}`);

stop("10. Steps (Algorithm 2)");
const start = net.weights;
const steps = 30;
const ends: [string, (model: typeof net) => Optimizer][] = [
  ["gradient descent", (model) => new Sgd(model, squaredError, { learningRate: 0.1, momentum: 0.9, nesterov: true })],
  ["K-FAC by F̆", (model) => new Kfac(model, squaredError, { inverse: blockDiagonal })],
  ["K-FAC by F̂", (model) => new Kfac(model, squaredError, { inverse: blockTridiagonal })],
];
say("Kfac.step does all of this, estimates A and G as it goes, and adapts λ and γ by what steps achieve.");
for (const [name, make] of ends) {
  net.setWeights(start);
  using optimizer = make(net);
  for (let k = 0; k < steps; k++) await optimizer.step(data);
  say(`After ${steps} steps of ${name} h is ${show(await readScalar(h(net.weights)))}`);
}

function plus(u: readonly Tensor[], v: readonly Tensor[]): Tensor[] {
  return u.map((ui, i) => add(ui, v[i]));
}

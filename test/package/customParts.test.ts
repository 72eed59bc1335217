import {
  add,
  checkGradients,
  concatenate,
  dense,
  div,
  evaluate,
  exp,
  Kfac,
  mul,
  network,
  ones,
  primitive,
  read,
  slice,
  square,
  stream,
  sub,
  sum,
  tanh,
  tensor,
  transpose,
  matmul,
  type Layer,
  type Loss,
  type Tensor,
} from "kronfac";

/* Only what the package exports: parts that someone else could have written. */

/** sin as a new operation: its value from elements on the host, its two derivatives from cos, and row r of it from row r of x. */
const sin: (x: Tensor) => Tensor = primitive({
  name: "sin",
  value: (x: Tensor) => elementwise(x, Math.sin),
  vjp: (g: Tensor, _y: Tensor, x: Tensor) => mul(g, cos(x)),
  jvp: (v: Tensor, _y: Tensor, x: Tensor) => mul(v, cos(x)),
  cases: [true],
});

const cos: (x: Tensor) => Tensor = primitive({
  name: "cos",
  value: (x: Tensor) => elementwise(x, Math.cos),
  vjp: (g: Tensor, _y: Tensor, x: Tensor) => mul(g, mul(sin(x), -1)),
  jvp: (v: Tensor, _y: Tensor, x: Tensor) => mul(v, mul(sin(x), -1)),
  cases: [true],
});

function elementwise(x: Tensor, f: (value: number) => number): Tensor {
  if (x.backend.readNow === undefined) throw new Error("sin runs where elements are at hand");
  return tensor(x.backend.readNow(x).map(f), { shape: x.shape, dtype: x.dtype, backend: x.backend });
}

/** A bump: any composition of operations is an activation. */
const gaussian = (s: Tensor): Tensor => exp(mul(square(s), -0.5));

/** z = log of a Poisson rate; L = e^z − t z, whose Fisher is e^z. */
const poisson: Loss = {
  name: "poisson",
  targets: "counts",
  value: (z, targets) => sum(sub(exp(z), mul(targets, z)), 1),
  predict: (z) => exp(z),
  /** Knuth's product of uniform numbers. */
  sample(z, random) {
    const rates = z.backend.readNow?.(z).map(Math.exp) ?? [];
    const counts = Array.from(rates, (rate) => {
      const limit = Math.exp(-rate);
      let count = -1;
      for (let p = 1; p > limit; p *= random.uniform(1)[0]) count++;
      return count;
    });
    return tensor(counts, { shape: z.shape, dtype: z.dtype, backend: z.backend });
  },
  factor(z) {
    const root = exp(mul(z, 0.5));
    const k = z.shape[1];
    const unit = (c: number) =>
      tensor(
        Array.from({ length: k }, (_, i) => Number(i === c)),
        { dtype: z.dtype, backend: z.backend },
      );
    return {
      columns: () => Array.from({ length: k }, (_, c) => mul(root, unit(c))),
      times: (w) => mul(root, w),
      transposeTimes: (w) => mul(root, w),
    };
  },
};

/** A layer whose units see the even and odd inputs swapped, with a bias and its own initialisation. */
function swapped(dIn: number, dOut: number, activation: (s: Tensor) => Tensor): Layer {
  return {
    weightShape: [dOut, dIn + 1],
    initialize: (random) => random.normal(dOut * (dIn + 1)).map((w) => 0.5 * w),
    forward(W, aPrev) {
      const halves = [slice(aPrev, [null, [dIn / 2, dIn]]), slice(aPrev, [null, [0, dIn / 2]])];
      const aBar = concatenate([...halves, ones([aPrev.shape[0], 1], aPrev)], 1);
      const s = matmul(aBar, transpose(W));
      return { aBar, s, a: activation(s) };
    },
  };
}

test("the custom operations pass checkGradients", async () => {
  const x = tensor(stream(1).normal(6), { shape: [2, 3] });
  await checkGradients(sin, x);
  await checkGradients(gaussian, x);
  await checkGradients(
    (z) =>
      poisson.value(
        z,
        tensor(
          [
            [1, 0, 2],
            [3, 1, 0],
          ],
          { dtype: "float64" },
        ),
      ),
    x,
  );
});

test.each([
  ["sampled", 1 / 4],
  ["exact", 1],
  ["curvature-propagation", 1 / 2],
] as const)(
  "a custom activation, layer, loss and primitive train with Kfac (%s Fisher, fraction %s)",
  async (fisher, fraction) => {
    const cases = 64;
    const inputs = tensor(stream(3).normal(cases * 4), { shape: [cases, 4] });
    // Counts with a rate that depends on the inputs.
    const x = await read(inputs);
    const random = stream(4);
    const counts = Array.from({ length: cases }, (_, n) => {
      const rate = 3 * Math.exp(Math.sin(x[4 * n]) - x[4 * n + 1] ** 2 / 4);
      return Math.round(rate + 0.3 * random.normal(1)[0] * Math.sqrt(rate));
    }).map((count) => Math.max(count, 0));
    const data = { inputs, targets: tensor(Float64Array.from(counts), { shape: [cases, 1] }) };

    const net = network([swapped(4, 8, sin), dense(8, 8, gaussian), swapped(8, 6, tanh), dense(6, 1, (s) => s)], {
      dtype: "float64",
      seed: 2,
    });
    using kfac = new Kfac(net, poisson, { fisher, statisticsFraction: fraction, modelFraction: fraction });
    // The least that any rates could give: e^z = t.
    const least = counts.reduce((total, t) => total + t - (t === 0 ? 0 : t * Math.log(t)), 0) / cases;
    const before = await evaluate(net, poisson, data);
    for (let k = 0; k < 60; k++) await kfac.step(data);
    const after = await evaluate(net, poisson, data);
    expect((after.loss - least) / (before.loss - least)).toBeLessThan(0.25);
    expect(after.squaredError).toBeLessThan(before.squaredError / 2);
  },
);

test("an activation of ratios and one of a primitive differentiate alike in training", async () => {
  // tanh by its definition in exponentials, and the built-in one.
  const composed = (s: Tensor) => div(sub(exp(s), exp(mul(s, -1))), add(exp(s), exp(mul(s, -1))));
  const losses = await Promise.all(
    [composed, tanh].map(async (activation) => {
      const net = network([dense(3, 4, activation), dense(4, 1, (s) => s)], { dtype: "float64", seed: 1 });
      const inputs = tensor(stream(5).normal(30), { shape: [10, 3] });
      const targets = tensor(
        Float64Array.from({ length: 10 }, (_, i) => i % 3),
        { shape: [10, 1] },
      );
      using kfac = new Kfac(net, poisson, { lambda: 1, fisher: "exact" });
      for (let k = 0; k < 5; k++) await kfac.step({ inputs, targets });
      return await evaluate(net, poisson, { inputs, targets });
    }),
  );
  expect(losses[0].loss).toBeCloseTo(losses[1].loss, 10);
});

import { checkGradients, grad, type Input } from "../../src/autodiff/index.js";
import * as rules from "../../src/autodiff/rules/index.js";
import { eye, ones, tensor } from "../../src/tensor/create.js";
import { format } from "../../src/tensor/shape.js";
import { Tensor } from "../../src/tensor/tensor.js";
import { float64Places, type Place } from "../support/backends.js";
import { randomTensors, type Numbers } from "../support/randomTensors.js";
import "../support/matchers.js";
import { evaluate, plainOf, vector } from "../support/plain.js";

const {
  abs, add, broadcastTo, cholesky, concatenate, crossEntropy, crossEntropyGradient, diagonal, div, dot, embed, exp, gather, gram, identity, invertSpd, kron, log,
  logDeterminant, logSoftmax, logSumExp, matmul, max, maximum, mean, minimum, mul, negative, norm, outer, pow, reciprocal, relu,
  reshape, sigmoid, slice, softmax, softplus, solveSpd, solveTriangular, sqrt, square, sub, sum, tanh, trace, transpose, where,
} = rules; // prettier-ignore

/** A function to differentiate, and arguments that stay clear of its kinks and poles. */
interface Case {
  readonly of: string;
  readonly f: (...xs: Tensor[]) => Tensor;
  readonly at: (any: Numbers) => Tensor[];
}

const shaped =
  (...shapes: number[][]) =>
  (any: Numbers) =>
    shapes.map(any);
/** In [½, 3½). */
const positive =
  (...shapes: number[][]) =>
  (any: Numbers) =>
    shapes.map((shape) => add(mul(any(shape), 1.5), 2));
/** At least ½ from 0, of either sign. */
const apart =
  (...shapes: number[][]) =>
  (any: Numbers) =>
    shapes.map((shape) => {
      const x = any(shape);
      return where(rules.less(x, 0), sub(x, 0.5), add(x, 0.5));
    });

/** Elements that are all at least 0.3 from each other, in no order. */
const distinct = (shape: number[]) => (any: Numbers) => {
  const x = any(shape);
  const n = x.shape.reduce((p, q) => p * q, 1);
  const values = Float64Array.from({ length: n }, (_, i) => 0.3 * ((7 * i) % n) - 1 + (7 * i >= n ? 0.01 * i : 0));
  return [add(tensor(values, { shape, dtype: "float64", backend: x.backend }), mul(x, 1e-3))];
};

/** A symmetric positive definite function of any square matrix. */
const spd = (a: Tensor) => add(matmul(a, a, { transposeB: true }), eye(a.shape[0], a));
/** Any square matrix with a diagonal that is far from 0. */
const triangular = (a: Tensor) => add(a, mul(eye(a.shape[0], a), 3));

const unary = (name: string, f: (x: Tensor) => Tensor, at: Case["at"]): Case[] => [{ of: name, f, at }];

/** Shapes of two operands that broadcast in every way: equal, a scalar, rows, columns, both, and nothing at all. */
const pairs = [
  [[2, 3], [2, 3]], [[2, 3], []], [[], [2, 3]], [[2, 3], [3]], [[2, 1], [2, 3]], [[2, 1], [1, 3]], [[3], [2, 1]], [[0, 3], [1, 3]],
]; // prettier-ignore
const binary = (name: string, f: (a: Input, b: Input) => Tensor, at: (...shapes: number[][]) => Case["at"]): Case[] => [
  ...pairs.map((shapes) => ({
    of: `${name} of ${shapes.map(format).join(" and ")}`,
    f,
    at: at(...shapes),
  })),
  { of: `${name} of a number and a tensor`, f: (b) => f(1.7, b), at: at([2, 3]) },
  { of: `${name} of a tensor and a number`, f: (a) => f(a, 1.7), at: at([2, 3]) },
  { of: `${name} of a tensor and itself`, f: (x) => f(x, x), at: at([3]) },
];

/** Two operands at least 0.4 apart everywhere. */
const sides = (...shapes: number[][]) => (any: Numbers) => shapes.map((shape, i) => add(mul(any(shape), 0.1), i === 0 ? 0.5 : 1)); // prettier-ignore

const links = ["sigmoid", "softmax"] as const;

const table: Record<string, Case[]> = {
  add: binary("add", add, shaped),
  sub: binary("sub", sub, shaped),
  mul: binary("mul", mul, shaped),
  div: binary("div", div, apart),
  pow: [
    ...binary("pow", pow, positive),
    { of: "pow with a negative base and an integer exponent", f: (x) => pow(negative(x), 3), at: positive([3]) },
    { of: "pow with the exponent 0", f: (x) => pow(x, 0), at: shaped([3]) },
    { of: "pow with the base 0 and an exponent of 2", f: (x) => pow(mul(x, 0), 2), at: shaped([3]) },
  ],
  maximum: binary("maximum", maximum, sides).slice(0, -1),
  minimum: binary("minimum", minimum, sides).slice(0, -1),
  negative: unary("negative", negative, shaped([2, 3])),
  abs: unary("abs", abs, apart([2, 3])),
  reciprocal: unary("reciprocal", reciprocal, apart([2, 3])),
  square: unary("square", square, shaped([2, 3])),
  sqrt: unary("sqrt", sqrt, positive([2, 3])),
  exp: unary("exp", exp, shaped([2, 3])),
  log: unary("log", log, positive([2, 3])),
  tanh: unary("tanh", tanh, shaped([2, 3])),
  sigmoid: unary("sigmoid", sigmoid, shaped([2, 3])),
  softplus: unary("softplus", softplus, shaped([2, 3])),
  relu: unary("relu", relu, apart([2, 3])),
  identity: unary("identity", (x) => square(identity(x)), shaped([2, 3])),
  where: [
    { of: "where, both branches", f: (a, b) => where(mask(a, [2, 3]), square(a), exp(b)), at: shaped([2, 3], [2, 3]) },
    { of: "where, broadcasting", f: (a, b) => where(mask(a, [2, 3]), square(a), exp(b)), at: shaped([3], [2, 1]) },
    { of: "where, a condition that stretches", f: (a, b) => where(mask(a, [2, 1]), a, b), at: shaped([3], [2, 3]) },
    { of: "where, a number for b", f: (a) => where(mask(a, [2, 3]), exp(a), 2), at: shaped([2, 3]) },
    { of: "where, a number for a", f: (b) => where(mask(b, [2, 3]), 2, exp(b)), at: shaped([3]) },
    {
      of: "where, a variable condition",
      f: (c, a) => where(c, a, square(a)),
      at: (any) => [...apart([3])(any), any([3])],
    },
  ],
  sum: [
    { of: "sum of all", f: (x) => square(sum(x)), at: shaped([2, 3]) },
    { of: "sum over no axes", f: (x) => sum(square(x), []), at: shaped([2, 3]) },
    { of: "sum over axes that are not neighbours", f: (x) => square(sum(x, [0, 2])), at: shaped([2, 3, 4]) },
    { of: "sum, axes kept", f: (x) => square(sum(x, -1, { keepAxes: true })), at: shaped([2, 3]) },
    { of: "sum over nothing", f: (x) => sum(square(x), 1), at: shaped([2, 0]) },
  ],
  mean: [
    { of: "mean of all", f: (x) => square(mean(x)), at: shaped([2, 3]) },
    { of: "mean over an axis", f: (x) => square(mean(x, 0)), at: shaped([2, 3]) },
    { of: "mean, axes kept", f: (x) => square(mean(x, [1], { keepAxes: true })), at: shaped([2, 3]) },
  ],
  max: [
    { of: "max of all", f: (x) => square(max(x)), at: distinct([3, 4]) },
    { of: "max over an axis", f: (x) => square(max(x, 0)), at: distinct([3, 4]) },
    { of: "max, axes kept", f: (x) => square(max(x, -1, { keepAxes: true })), at: distinct([3, 4]) },
    { of: "max over axes that are not neighbours", f: (x) => square(max(x, [0, 2])), at: distinct([2, 3, 2]) },
  ],
  logSumExp: [
    { of: "logSumExp", f: (x) => logSumExp(x), at: shaped([2, 3]) },
    { of: "logSumExp over axis 0", f: (x) => square(logSumExp(x, 0)), at: shaped([2, 3]) },
    { of: "logSumExp, axes kept", f: (x) => square(logSumExp(x, -1, { keepAxes: true })), at: shaped([2, 3]) },
    { of: "logSumExp of large numbers", f: (x) => logSumExp(add(x, 800)), at: shaped([2, 3]) },
  ],
  softmax: [
    { of: "softmax", f: (x) => softmax(x), at: shaped([2, 3]) },
    { of: "softmax over axis 0", f: (x) => softmax(x, 0), at: shaped([2, 3]) },
  ],
  logSoftmax: [
    { of: "logSoftmax", f: (x) => square(logSoftmax(x)), at: shaped([2, 3]) },
    { of: "logSoftmax over axis 0", f: (x) => square(logSoftmax(x, 0)), at: shaped([2, 3]) },
  ],
  crossEntropy: links.map((link) => ({
    of: `crossEntropy, ${link}`,
    f: (z, t) => square(crossEntropy(link, z, t)),
    at: shaped([3, 4], [3, 4]),
  })),
  crossEntropyGradient: links.map((link) => ({
    of: `crossEntropyGradient, ${link}`,
    f: (z, t, g) => square(crossEntropyGradient(link, z, t, g)),
    at: shaped([3, 4], [3, 4], [3]),
  })),
  dot: [
    { of: "dot", f: (a, b) => square(dot(a, b)), at: shaped([2, 3], [2, 3]) },
    { of: "dot of scalars", f: (a, b) => dot(a, b), at: shaped([], []) },
    { of: "dot of a tensor with itself", f: (a) => dot(a, a), at: shaped([4]) },
  ],
  norm: unary("norm", norm, positive([2, 3])),
  broadcastTo: [
    { of: "broadcastTo more axes", f: (x) => square(broadcastTo(x, [2, 3])), at: shaped([3]) },
    { of: "broadcastTo a longer axis", f: (x) => square(broadcastTo(x, [2, 3])), at: shaped([2, 1]) },
    { of: "broadcastTo from a scalar", f: (x) => square(broadcastTo(x, [2, 3])), at: shaped([]) },
    { of: "broadcastTo nothing", f: (x) => broadcastTo(x, [0, 3]), at: shaped([1, 3]) },
  ],
  reshape: [
    { of: "reshape", f: (x) => square(reshape(x, [3, 2])), at: shaped([2, 3]) },
    { of: "reshape with a length to infer", f: (x) => square(reshape(x, [-1])), at: shaped([2, 3]) },
  ],
  transpose: [
    { of: "transpose", f: (x) => square(transpose(x)), at: shaped([2, 3]) },
    { of: "transpose, axes named", f: (x) => square(transpose(x, [2, 0, 1])), at: shaped([2, 3, 4]) },
  ],
  slice: [
    { of: "slice of rows", f: (x) => square(slice(x, [[1, 3]])), at: shaped([4, 2]) },
    { of: "slice of a box", f: (x) => square(slice(x, [[0, 1], null, [1, 3]])), at: shaped([2, 2, 4]) },
    { of: "slice of nothing", f: (x) => slice(x, [[1, 1]]), at: shaped([2, 3]) },
  ],
  embed: [
    { of: "embed", f: (x) => square(embed(x, [1, 0], [4, 3])), at: shaped([2, 3]) },
    { of: "embed in every direction", f: (x) => square(embed(x, [1, 2], [3, 5])), at: shaped([1, 2]) },
  ],
  concatenate: [
    { of: "concatenate", f: (a, b) => square(concatenate([a, b])), at: shaped([1, 3], [2, 3]) },
    { of: "concatenate along the last axis", f: (a, b, c) => square(concatenate([a, b, c], 1)), at: shaped([2, 1], [2, 0], [2, 3]) }, // prettier-ignore
    { of: "concatenate beside a constant", f: (a) => square(concatenate([a, ones([2, 1], a)], 1)), at: shaped([2, 3]) },
    { of: "concatenate with itself", f: (a) => square(concatenate([a, a], 1)), at: shaped([2, 3]) },
  ],
  gather: [
    { of: "gather", f: (x) => square(gather(x, [2, 0, 2])), at: shaped([3, 2]) },
    { of: "gather from a vector", f: (x) => square(gather(x, [1, 1])), at: shaped([3]) },
    { of: "gather from more axes", f: (x) => square(gather(x, [1])), at: shaped([2, 2, 2]) },
    { of: "gather of nothing", f: (x) => gather(x, []), at: shaped([3, 2]) },
  ],
  matmul: [
    ...[false, true].flatMap((transposeA) =>
      [false, true].map((transposeB) => ({
        of: `matmul ${transposeA ? "Aᵀ" : "A"}${transposeB ? "Bᵀ" : "B"}`,
        f: (a: Tensor, b: Tensor) => matmul(a, b, { transposeA, transposeB }),
        at: shaped(transposeA ? [3, 2] : [2, 3], transposeB ? [4, 3] : [3, 4]),
      })),
    ),
    { of: "matmul of a matrix with itself", f: (a) => matmul(a, a, { transposeA: true }), at: shaped([2, 3]) },
    { of: "matmul over nothing", f: (a, b) => matmul(a, b), at: shaped([2, 0], [0, 3]) },
  ],
  gram: [
    { of: "gram XᵀX", f: (x) => gram(x), at: shaped([3, 2]) },
    { of: "gram w·XᵀY", f: (x, y) => gram(x, { y, weight: 0.5 }), at: shaped([3, 2], [3, 4]) },
    { of: "gram β·C + w·XᵀY", f: (x, y, c) => gram(x, { y, c, weight: 0.5, beta: 0.9 }), at: shaped([3, 2], [3, 4], [2, 4]) }, // prettier-ignore
    { of: "gram with a variable C alone", f: (c) => gram(ones([3, 2], c), { c: add(c, transpose(c)), beta: 0.9 }), at: shaped([2, 2]) }, // prettier-ignore
  ],
  outer: [{ of: "outer", f: outer, at: shaped([2], [3]) }],
  kron: [{ of: "kron", f: kron, at: shaped([2, 3], [3, 1]) }],
  cholesky: [
    { of: "cholesky", f: (a) => cholesky(spd(a)), at: shaped([3, 3]) },
    {
      of: "cholesky of a symmetrised matrix",
      f: (a) => cholesky(add(triangular(a), transpose(a))),
      at: shaped([3, 3]),
    },
    { of: "cholesky of a scalar", f: (a) => cholesky(spd(a)), at: shaped([1, 1]) },
  ],
  solveTriangular: [false, true].flatMap((upper) =>
    [false, true].map((transposed) => ({
      of: `solveTriangular, ${upper ? "upper" : "lower"}${transposed ? ", transposed" : ""}`,
      f: (l: Tensor, b: Tensor) => solveTriangular(triangular(l), b, { upper, transpose: transposed }),
      at: shaped([3, 3], [3, 2]),
    })),
  ),
  invertSpd: [{ of: "invertSpd", f: (a) => invertSpd(spd(a)), at: shaped([3, 3]) }],
  solveSpd: [{ of: "solveSpd", f: (a, b) => solveSpd(spd(a), b), at: shaped([3, 3], [3, 2]) }],
  logDeterminant: [{ of: "logDeterminant", f: (a) => logDeterminant(spd(a)), at: shaped([3, 3]) }],
  diagonal: [{ of: "diagonal", f: (a) => square(diagonal(a)), at: shaped([3, 3]) }],
  trace: [{ of: "trace", f: (a) => square(trace(a)), at: shaped([3, 3]) }],
};

/** Alternating 1 and 0. */
function mask(like: Tensor, shape: number[]): Tensor {
  const n = shape.reduce((p, q) => p * q, 1);
  return tensor(Float64Array.from({ length: n }, (_, i) => (i + 1) % 2), { shape, dtype: "float64", backend: like.backend }); // prettier-ignore
}

/** Piecewise constant, or, for symmetricEigen, refused: their tests are below. */
const withoutDerivative = ["argmax", "equal", "greater", "greaterEqual", "less", "lessEqual", "notEqual", "sign", "symmetricEigen"]; // prettier-ignore

test("every operation of rules/ has its derivatives checked here, or is named as one that has none", () => {
  expect([...Object.keys(table), ...withoutDerivative].sort()).toEqual(Object.keys(rules).sort());
});

const cases = Object.values(table).flat();

test("no two cases have one name", () => {
  expect(new Set(cases.map(({ of }) => of)).size).toBe(cases.length);
});

describe.each(float64Places)("derivatives agree with differences, $name", (place: Place) => {
  test.each(cases)("$of", async ({ f, at }) => {
    await checkGradients(f, ...at(randomTensors(11, place)));
  });
});

describe("operations without a derivative", () => {
  const x = tensor([[1, -2], [-2, 5]], { dtype: "float64" }); // prettier-ignore

  test("comparisons, sign and argmax are constants to every derivative", async () => {
    const constants = [
      (t: Tensor) => rules.argmax(t, 1),
      rules.sign,
      ...[rules.equal, rules.notEqual, rules.greater, rules.greaterEqual, rules.less, rules.lessEqual].map(
        (compare) => (t: Tensor) => compare(t, mul(t, 2)),
      ),
    ];
    for (const f of constants) {
      const seen: Tensor[] = [];
      const g = grad((t) => {
        seen.push(f(t));
        return sum(mul(seen[0], seen[0]));
      })(x);
      expect(seen[0].constructor).toBe(Tensor);
      expect([...(await plainOf(g)).values]).toEqual([0, 0, 0, 0]);
    }
  });

  test("symmetricEigen refuses a variable and says what to do", async () => {
    expect(() => grad((a) => sum(rules.symmetricEigen(a).values))(x)).toThrow(
      new TypeError("symmetricEigen: has no derivative; detach(a) first, or use cholesky or invertSpd"),
    );
    const { values } = await plainOf(rules.symmetricEigen(x).values);
    expect(values[0] + values[1]).toBeCloseTo(6, 12);
  });
});

describe("derivatives at kinks", () => {
  const at = (f: (t: Tensor) => Tensor, ...values: number[]) =>
    evaluate(() => grad((t) => sum(f(t)))(tensor(Float64Array.of(...values))));

  test("relu and abs have derivative 0 at 0", async () => {
    expect(await at(relu, -1, 0, 1)).toBePlain(vector(0, 0, 1));
    expect(await at(abs, -1, 0, 1)).toBePlain(vector(-1, 0, 1));
  });

  test("where maximum or minimum tie, the first operand carries the derivative", async () => {
    for (const f of [maximum, minimum]) {
      expect(await at((t) => f(t, 1), 1)).toBePlain(vector(1));
      expect(await at((t) => f(1, t), 1)).toBePlain(vector(0));
      expect(await at((t) => f(t, mul(t, t)), 1)).toBePlain(vector(1));
    }
  });

  test("elements that tie for the largest share its derivative", async () => {
    expect(await at((t) => max(t), 3, 1, 3, 3)).toBeCloseToPlain(vector(1 / 3, 0, 1 / 3, 1 / 3), 1e-15);
  });

  test("powers of 0 have the derivatives of polynomials, for every exponent that is a number", async () => {
    for (const [exponent, derivatives] of [
      [0, [0, 0, 0]],
      [1, [1, 0, 0]],
      [2, [0, 2, 0]],
      [3, [0, 0, 6]],
    ] as const) {
      // prettier-ignore
      let f = (t: Tensor) => sum(pow(t, exponent));
      for (const expected of derivatives) {
        const derivative = grad(f);
        expect(await evaluate(() => derivative(tensor(Float64Array.of(0))))).toBePlain(vector(expected));
        f = (t) => sum(derivative(t));
      }
    }
    expect(await at((t) => pow(0, t), 2)).toBePlain(vector(0));
  });

  test("an infinite logit beside finite ones does no harm to logSumExp", async () => {
    const g = await at((t) => logSumExp(t), -Infinity, 0, 0);
    expect(g).toBeCloseToPlain(vector(0, 0.5, 0.5), 1e-15);
  });

  test("whatever lies off the diagonal, diagonal and trace do not see it", async () => {
    const a = tensor([[1, NaN], [Infinity, 2]], { dtype: "float64" }); // prettier-ignore
    expect(await evaluate(() => diagonal(a))).toBePlain(vector(1, 2));
    expect(await evaluate(() => reshape(grad((t) => sum(square(diagonal(t))))(a), [4]))).toBePlain(vector(2, 0, 0, 4));
  });
});

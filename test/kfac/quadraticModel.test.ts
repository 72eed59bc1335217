import fc from "fast-check";
import {
  at,
  constrained,
  minimiseModel,
  type ModelMinimum,
  type ModelProducts,
} from "../../src/kfac/quadraticModel.js";
import { expectClose } from "../support/close.js";
import {
  along,
  dot,
  identity,
  matrix,
  plus,
  product,
  solve,
  times,
  transposed,
  type Matrix,
} from "../support/dense.js";
import { randomNumbers } from "../support/matrices.js";

/** A positive semi-definite F, ∇h, Δ and δ₀ of n parameters, and what minimiseModel takes of them. */
function quadratic(seed: number, n = 6, rank = n) {
  const random = randomNumbers(seed);
  const vector = () => Array.from({ length: n }, random);
  const B = matrix(n, rank, random);
  const F = product(B, transposed(B));
  const [g, delta, previous] = [vector(), vector(), vector()];
  return { F, g, delta, previous, products: productsOf(F, g, delta, previous) };
}

function productsOf(F: Matrix, g: number[], delta: number[], previous: number[]): ModelProducts {
  return {
    gDelta: dot(g, delta),
    gPrevious: dot(g, previous),
    fDelta: dot(delta, times(F, delta)),
    fCross: dot(delta, times(F, previous)),
    fPrevious: dot(previous, times(F, previous)),
    delta: dot(delta, delta),
    cross: dot(delta, previous),
    previous: dot(previous, previous),
  };
}

/** The minimum, where there must be one. */
function leastOf(products: ModelProducts, lambda: number, eta: number): ModelMinimum {
  const minimum = minimiseModel(products, lambda, eta);
  if (minimum === undefined) throw new Error("M has no minimum along Δ");
  return minimum;
}

const runs = { seed: 20150319, numRuns: 100 };
const damping = fc.record({
  seed: fc.nat(),
  lambda: fc.double({ min: 1e-3, max: 100, noNaN: true }),
  eta: fc.constantFrom(0, 1e-5, 0.1),
});

describe("law 13", () => {
  test("M(αΔ + μδ₀) − M(0) = ½∇hᵀδ, and M's own formula gives the same", () => {
    fc.assert(
      fc.property(damping, ({ seed, lambda, eta }) => {
        const { F, g, delta, previous, products } = quadratic(seed);
        const minimum = leastOf(products, lambda, eta);
        const step = along(
          delta.map((d) => minimum.alpha * d),
          previous,
          minimum.mu,
        );
        const K = plus(F, identity(6), lambda + eta);
        expectClose(minimum.change, 0.5 * dot(g, step), 1e-9);
        expectClose(minimum.change, dot(g, step) + 0.5 * dot(step, times(K, step)), 1e-9);
      }),
      runs,
    );
  });

  test("the residual Kδ + ∇h is orthogonal to Δ and to δ₀", () => {
    fc.assert(
      fc.property(damping, ({ seed, lambda, eta }) => {
        const { F, g, delta, previous, products } = quadratic(seed);
        const { alpha, mu } = leastOf(products, lambda, eta);
        const step = along(
          delta.map((d) => alpha * d),
          previous,
          mu,
        );
        const K = plus(F, identity(6), lambda + eta);
        const residual = along(times(K, step), g);
        const scale = Math.sqrt(dot(residual, residual)) + Math.sqrt(dot(g, g));
        for (const v of [delta, previous])
          expect(Math.abs(dot(residual, v))).toBeLessThan(1e-10 * scale * Math.sqrt(dot(v, v)) * (1 + lambda));
      }),
      runs,
    );
  });

  test("α and μ solve the 2×2 system of §7", () => {
    const { F, g, delta, previous, products } = quadratic(3);
    const K = plus(F, identity(6), 0.5);
    const directions = [delta, previous];
    const expected = solve(
      directions.map((u) => directions.map((v) => dot(u, times(K, v)))),
      directions.map((u) => -dot(g, u)),
    );
    const { alpha, mu } = leastOf(products, 0.4, 0.1);
    expectClose([alpha, mu], expected);
  });

  test("nowhere along Δ and δ₀ is M less", () => {
    const { products } = quadratic(4);
    const minimum = leastOf(products, 0.1, 0);
    for (const [da, dm] of [
      [1e-3, 0],
      [0, 1e-3],
      [-1e-3, 1e-3],
      [0.5, -0.5],
    ])
      expect(at(products, minimum.alpha + da, minimum.mu + dm, 0.1, 0).change).toBeGreaterThan(minimum.change);
  });
});

describe("law 14", () => {
  test("an exact preconditioner makes α = 1 and μ = 0", () => {
    for (const seed of [1, 2, 3]) {
      const { F, g, previous } = quadratic(seed);
      const [lambda, eta] = [0.3, 0.1];
      const delta = solve(plus(F, identity(6), lambda + eta), g).map((d) => -d);
      const { alpha, mu } = leastOf(productsOf(F, g, delta, previous), lambda, eta);
      expectClose([alpha, mu + 1], [1, 1]);
    }
  });
});

describe("on the first step", () => {
  test("δ₀ = 0 gives α alone: −∇hᵀΔ / ΔᵀKΔ, and nothing is called collinear", () => {
    const { F, g, delta } = quadratic(5);
    const products = productsOf(F, g, delta, new Array<number>(6).fill(0));
    const minimum = leastOf(products, 0.2, 0);
    expectClose(minimum.alpha, -dot(g, delta) / dot(delta, times(plus(F, identity(6), 0.2), delta)));
    expect(minimum).toMatchObject({ mu: 0, collinear: false, nu: 1 });
  });
});

describe("near-collinear Δ and δ₀", () => {
  test.each([0, 1e-9, 1e-5])("fall back to α alone where they differ by %s", (difference) => {
    const { F, g, delta, previous } = quadratic(6);
    const parallel = along(
      delta.map((d) => -2 * d),
      previous,
      difference,
    );
    const minimum = leastOf(productsOf(F, g, delta, parallel), 0.2, 0);
    const alone = leastOf(productsOf(F, g, delta, new Array<number>(6).fill(0)), 0.2, 0);
    expect(minimum).toMatchObject({ mu: 0, collinear: true, alpha: alone.alpha });
  });

  test("are told from directions at an angle", () => {
    const { F, g, delta, previous } = quadratic(6);
    const minimum = leastOf(productsOf(F, g, delta, along(delta, previous, 0.1)), 0.2, 0);
    expect(minimum.collinear).toBe(false);
    expect(minimum.mu).not.toBe(0);
  });
});

describe("without a minimum", () => {
  const { products } = quadratic(7);
  test.each([
    ["ΔᵀKΔ = 0", { fDelta: 0, delta: 0 }],
    ["a negative ΔᵀKΔ", { fDelta: -100 }],
    ["an infinite ΔᵀFΔ", { fDelta: Infinity }],
    ["a NaN ΔᵀFΔ", { fDelta: NaN }],
    ["a NaN ∇hᵀΔ", { gDelta: NaN }],
  ])("%s gives undefined", (_, change) => {
    expect(minimiseModel({ ...products, ...change }, 0.1, 0)).toBeUndefined();
  });

  test("a δ₀ whose products are not finite is left out", () => {
    const broken = { ...products, gPrevious: NaN, fPrevious: NaN, fCross: NaN };
    const minimum = leastOf(broken, 0.1, 0);
    expect(minimum).toMatchObject({ mu: 0, collinear: true });
    expectClose(minimum.alpha, -products.gDelta / (products.fDelta + 0.1 * products.delta));
  });
});

describe("M at any α and μ", () => {
  test("is the quadratic, with and without ½λ‖δ‖², and δᵀFδ", () => {
    const { F, g, delta, previous, products } = quadratic(8);
    const [alpha, mu, lambda, eta] = [0.7, -0.4, 0.3, 0.05];
    const step = along(
      delta.map((d) => alpha * d),
      previous,
      mu,
    );
    const point = at(products, alpha, mu, lambda, eta);
    const curvature = dot(step, times(F, step));
    const undamped = dot(g, step) + 0.5 * curvature + 0.5 * eta * dot(step, step);
    expectClose(
      [point.curvature, point.undampedChange, point.change],
      [curvature, undamped, undamped + 0.5 * lambda * dot(step, step)],
    );
  });
});

describe("the norm constraint", () => {
  test("shortens a step with too large δᵀFδ so that it equals the bound, keeping its direction", () => {
    const { products } = quadratic(9);
    const minimum = leastOf(products, 0.1, 0);
    const bound = minimum.curvature / 9;
    const short = constrained(products, minimum, bound, 0.1, 0);
    expectClose([short.curvature, short.alpha, short.mu, short.nu], [bound, minimum.alpha / 3, minimum.mu / 3, 1 / 3]);
    expect(short.change).toBeGreaterThan(minimum.change);
    expect(short.change).toBeLessThan(0);
  });

  test("leaves a step within the bound as it is", () => {
    const { products } = quadratic(9);
    const minimum = leastOf(products, 0.1, 0);
    expect(constrained(products, minimum, minimum.curvature, 0.1, 0)).toBe(minimum);
    expect(constrained(products, minimum, Infinity, 0.1, 0)).toBe(minimum);
  });
});

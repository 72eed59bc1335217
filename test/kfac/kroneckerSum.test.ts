import fc from "fast-check";
import { add, gram, kron, mul, transpose } from "../../src/autodiff/index.js";
import { kroneckerSumInverse, kroneckerSumResidual, type KroneckerSum } from "../../src/kfac/kroneckerSum.js";
import { eye, readScalar } from "../../src/tensor/create.js";
import { epsilon } from "../../src/tensor/dtype.js";
import { NumericalError } from "../../src/tensor/errors.js";
import { to } from "../../src/tensor/to.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { runs } from "../support/arbitraries.js";
import type { Backend } from "../../src/tensor/backend.js";
import { expectClose, rows } from "../support/close.js";
import { countingBackend } from "../support/countingBackend.js";
import {
  cholesky,
  eigenvalues,
  frobenius,
  inverse,
  kron as plainKron,
  plus,
  product,
  scaled,
  solve,
  stacked,
  transposed,
} from "../support/dense.js";
import { symmetrised } from "../support/plainNetwork.js";
import { lawPlaces, normalTensor } from "../support/problems.js";

/** Bounds the residual of law 11 in units of nε. */
const FACTOR = 10;

/** A and B with eigenvalues of at least 1; C and D symmetric of any sign. */
function symmetric(n: number, seed: number, backend: Backend): Tensor {
  const S = normalTensor([n, n], seed, { backend });
  return mul(add(S, transpose(S)), 0.5);
}

function positive(n: number, seed: number, backend: Backend): Tensor {
  return add(
    gram(normalTensor([n + 2, n], seed, { backend }), { weight: 1 / (n + 2) }),
    eye(n, { backend, dtype: "float64" }),
  );
}

function sumOf(p: number, q: number, seed: number, backend: Backend): KroneckerSum {
  return {
    A: positive(p, seed, backend),
    B: positive(q, seed + 1, backend),
    C: symmetric(p, seed + 2, backend),
    D: symmetric(q, seed + 3, backend),
  };
}

/** A ⊗ B ± C ⊗ D with plain numbers. */
async function dense({ A, B, C, D }: KroneckerSum, sign: 1 | -1) {
  const [a, b, c, d] = await Promise.all([A, B, C, D].map(rows));
  return { AB: plainKron(a, b), sum: plus(plainKron(a, b), plainKron(c, d), sign) };
}

const size = fc.integer({ min: 1, max: 7 });
const sign = fc.constantFrom(1 as const, -1 as const);

describe.each(lawPlaces)("(A ⊗ B ± C ⊗ D)⁻¹ of Appendix B, $name", ({ backend }) => {
  test("law 11: the residual of B U A ± D U C = V is within c·n·ε of the terms, for any sizes and both signs", async () => {
    await fc.assert(
      fc.asyncProperty(size, size, sign, fc.nat({ max: 1e6 }), async (p, q, sign, seed) => {
        const sum = sumOf(p, q, seed, backend);
        const V = normalTensor([q, p], seed + 4, { backend });
        using apply = kroneckerSumInverse(sum, sign);
        const residual = await readScalar(kroneckerSumResidual(sum, sign, apply(V), V));
        expect(residual).toBeLessThanOrEqual(FACTOR * Math.max(p, q) * epsilon("float64"));
      }),
      runs,
    );
  });

  test("law 11: U is the dense solution, to its condition, for any sizes and both signs", async () => {
    await fc.assert(
      fc.asyncProperty(size, size, sign, fc.nat({ max: 1e6 }), async (p, q, sign, seed) => {
        const sum = sumOf(p, q, seed, backend);
        const V = normalTensor([q, p], seed + 4, { backend });
        using apply = kroneckerSumInverse(sum, sign);
        const smallest = await readScalar(apply.smallest);
        fc.pre(smallest > 1e-3);
        const expected = solve((await dense(sum, sign)).sum, stacked([await rows(V)]));
        expectClose(stacked([await rows(apply(V))]), expected, 1e-10 + 1e-12 / smallest);
      }),
      runs,
    );
  });

  test.each([1, -1] as const)(
    "smallest is the least |eigenvalue| of I ± L⁻¹(C ⊗ D)L⁻ᵀ with A ⊗ B = LLᵀ, sign %i",
    async (sign) => {
      for (let seed = 1; seed <= 5; seed++) {
        const sum = sumOf(3, 4, 100 * seed, backend);
        const matrices = await dense(sum, sign);
        const root = inverse(cholesky(matrices.AB));
        const values = eigenvalues(symmetrised(product(product(root, matrices.sum), transposed(root))));
        using apply = kroneckerSumInverse(sum, sign);
        expectClose(await readScalar(apply.smallest), Math.min(...values.map(Math.abs)), 1e-9);
      }
    },
  );

  test("C = λI and D = I give exact Tikhonov damping of A ⊗ B", async () => {
    const [p, q, lambda] = [4, 3, 0.37];
    const [A, B] = [positive(p, 1, backend), positive(q, 2, backend)];
    const like = { backend, dtype: "float64" } as const;
    const V = normalTensor([q, p], 3, { backend });
    using apply = kroneckerSumInverse({ A, B, C: mul(eye(p, like), lambda), D: eye(q, like) }, 1);
    const F = await rows(add(kron(A, B), mul(eye(p * q, like), lambda)));
    expectClose(stacked([await rows(apply(V))]), solve(F, stacked([await rows(V)])));
  });

  describe("semidefinite: the difference is known to be so but for rounding", () => {
    test("changes nothing where s₁ and s₂ are in [0, 1] and far from both being 1", async () => {
      const [A, B] = [positive(3, 1, backend), positive(4, 2, backend)];
      const V = normalTensor([4, 3], 3, { backend });
      const sum = { A, B, C: mul(A, 0.5), D: mul(B, 0.8) };
      const [plain, semidefinite] = [false, true].map((semidefinite) => kroneckerSumInverse(sum, -1, { semidefinite }));
      expectClose(await rows(semidefinite(V)), await rows(plain(V)));
      expectClose(await readScalar(semidefinite.smallest), 1 - 0.5 * 0.8);
    });

    test("clamps s to [0, 1]", async () => {
      const [A, B] = [positive(3, 1, backend), positive(4, 2, backend)];
      const V = normalTensor([4, 3], 3, { backend });
      using apply = kroneckerSumInverse({ A, B, C: mul(A, -3), D: mul(B, 5) }, -1, { semidefinite: true });
      using alone = kroneckerSumInverse({ A, B, C: mul(A, 0), D: mul(B, 1) }, -1);
      expectClose(await rows(apply(V)), await rows(alone(V)));
      expect(await readScalar(apply.smallest)).toBe(1);
    });

    test("1 − s₂s₁ is at least 1e-12, so that a singular difference gives a large U and no infinite one", async () => {
      const [A, B] = [positive(3, 1, backend), positive(4, 2, backend)];
      const V = normalTensor([4, 3], 3, { backend });
      using apply = kroneckerSumInverse({ A, B, C: A, D: B }, -1, { semidefinite: true });
      expect(await readScalar(apply.smallest)).toBeLessThan(1e-12);
      const U = await rows(apply(V));
      const unit = solve(plainKron(await rows(A), await rows(B)), stacked([await rows(V)]));
      expect(frobenius(U) / frobenius([unit])).toBeGreaterThan(1e11);
      expect(frobenius(U) / frobenius([unit])).toBeLessThan(1.0001e12);
    });
  });

  test("another dtype is what V has, and U; the preparation keeps its own", async () => {
    const sum = sumOf(4, 3, 7, backend);
    const V = normalTensor([3, 4], 8, { backend });
    using exact = kroneckerSumInverse(sum, 1);
    using rounded = kroneckerSumInverse(sum, 1, { dtype: "float32" });
    const U = rounded(to(V, { dtype: "float32" }));
    expect([U.dtype, rounded.smallest.dtype]).toEqual(["float32", "float32"]);
    expectClose(await rows(U), await rows(exact(V)), 1e-5);
  });

  test("A or B that is not positive definite throws NumericalError", () => {
    const sum = sumOf(3, 2, 1, backend);
    const indefinite = (n: number) => mul(eye(n, { backend, dtype: "float64" }), -1);
    for (const wrong of [{ A: indefinite(3) }, { B: indefinite(2) }])
      expect(() => kroneckerSumInverse({ ...sum, ...wrong }, 1)).toThrow(NumericalError);
  });
});

test("the residual is what its formula says, and is large where U is wrong", async () => {
  const { A, B, C, D } = sumOf(3, 2, 1, lawPlaces[0].backend);
  const [U, V] = [normalTensor([2, 3], 5), normalTensor([2, 3], 6)];
  const [a, b, c, d, u, v] = await Promise.all([A, B, C, D, U, V].map(rows));
  const left = plus(product(product(b, u), a), product(product(d, u), c), -1);
  const terms = (frobenius(a) * frobenius(b) + frobenius(c) * frobenius(d)) * frobenius(u) + frobenius(v);
  const residual = await readScalar(kroneckerSumResidual({ A, B, C, D }, -1, U, V));
  expectClose(residual, frobenius(plus(left, scaled(v, -1))) / terms);
  expect(residual).toBeGreaterThan(0.01);
});

test("disposing of the inverse gives back what it prepared", () => {
  const backend = countingBackend();
  const sum = sumOf(3, 2, 1, backend);
  const before = backend.live;
  const apply = kroneckerSumInverse(sum, -1);
  expect(backend.live).toBeGreaterThan(before);
  apply[Symbol.dispose]();
  expect(backend.live).toBe(before);
});

import { addToDiagonal, dampingRatios, type DampingNorm } from "../../src/kfac/damping.js";
import { factorsFrom, type KroneckerFactors } from "../../src/kfac/factors.js";
import { zeros } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { expectClose, rows } from "../support/close.js";
import { eigenvalues, frobenius, identity, plus, trace, type Matrix } from "../support/dense.js";
import { normalTensor, lawPlaces } from "../support/problems.js";

const sizes: Record<Exclude<DampingNorm, "one">, (S: Matrix) => number> = {
  trace: (S) => trace(S) / S.length,
  frobenius: (S) => frobenius(S) / Math.sqrt(S.length),
  "largest-eigenvalue": (S) => eigenvalues(S)[S.length - 1],
};

async function ratios(factors: KroneckerFactors, norm?: DampingNorm): Promise<number[]> {
  return (await Promise.all(dampingRatios(factors, norm).map(rows))).flat(2);
}

describe.each(lawPlaces)("damping, $name", ({ backend }) => {
  const place = { backend };
  const factors = factorsFrom(
    [normalTensor([9, 4], 1, place), normalTensor([9, 3], 2, place)],
    [normalTensor([9, 2], 3, place), normalTensor([9, 5], 4, place)],
  );

  test.each(["trace", "frobenius", "largest-eigenvalue"] as const)(
    "π² is the size of A over the size of G by the norm %s, each per dimension as §6.3 says",
    async (norm) => {
      const expected: number[] = [];
      for (const { A, G } of factors.diagonal)
        expected.push(Math.sqrt(sizes[norm](await rows(A)) / sizes[norm](await rows(G))));
      expectClose(await ratios(factors, norm), expected);
    },
  );

  test("π is 1 under the norm one, and the trace is the norm where none is named", async () => {
    expect(await ratios(factors, "one")).toEqual([1, 1]);
    expect(await ratios(factors)).toEqual(await ratios(factors, "trace"));
  });

  test.each(["trace", "frobenius", "largest-eigenvalue", "one"] as const)(
    "π is 1 where A or G is zero, by the norm %s",
    async (norm) => {
      const some = (d: number): Tensor => normalTensor([4, d], d, place);
      const none = (d: number): Tensor => zeros([4, d], { dtype: "float64", backend });
      const vanished = factorsFrom([none(3), some(3), none(2), some(2)], [some(2), none(2), none(3), some(3)]);
      const pi = await ratios(vanished, norm);
      expect(pi.slice(0, 3)).toEqual([1, 1, 1]);
      if (norm !== "one") expect(pi[3]).not.toBe(1);
    },
  );

  test("π are scalar tensors, read by nobody", () => {
    for (const pi of dampingRatios(factors)) expect(pi.shape).toEqual([]);
  });

  test("addToDiagonal adds c·I, for a number and for a scalar tensor", async () => {
    const [{ A }] = factors.diagonal;
    const expected = plus(await rows(A), identity(4), 0.3);
    const [pi] = dampingRatios(factors);
    expectClose(await rows(addToDiagonal(A, 0.3)), expected);
    expectClose(await rows(addToDiagonal(A, pi)), plus(await rows(A), identity(4), (await ratios(factors))[0]));
  });

  test("a norm that there is not is refused", () => {
    expect(() => dampingRatios(factors, "nuclear" as "trace")).toThrow(
      'damping: "nuclear" is no norm; use "trace", "frobenius", "largest-eigenvalue" or "one"',
    );
  });
});

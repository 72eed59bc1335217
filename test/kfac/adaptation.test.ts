import { adaptedLambda, gammaCandidates } from "../../src/kfac/adaptation.js";
import { expectClose } from "../support/close.js";

describe("λ by the reduction ratio (§6.5), ω₁ = (19/20)^T₁", () => {
  const [lambda, every] = [2, 5];
  const omega1 = (19 / 20) ** 5;

  test.each([
    ["above ¾", 0.76, lambda * omega1],
    ["far above ¾", 100, lambda * omega1],
    ["infinite", Infinity, lambda * omega1],
    ["¾ exactly", 0.75, lambda],
    ["½", 0.5, lambda],
    ["¼ exactly", 0.25, lambda],
    ["below ¼", 0.24, lambda / omega1],
    ["negative", -3, lambda / omega1],
    ["−∞", -Infinity, lambda / omega1],
    ["NaN", NaN, lambda / omega1],
  ])("ρ %s", (_, rho, expected) => {
    expectClose(adaptedLambda(lambda, rho, every), expected, 1e-15);
  });

  test("T₁ = 1 changes λ by 19/20", () => {
    expectClose(adaptedLambda(1, 1, 1), 0.95, 1e-15);
    expectClose(adaptedLambda(1, 0, 1), 1 / 0.95, 1e-15);
  });
});

describe("γ's candidates (§6.6), ω₂ = √(19/20)^T₂", () => {
  const omega2 = Math.sqrt(19 / 20) ** 20;

  test("are γ, ω₂γ and γ/ω₂", () => {
    expectClose(gammaCandidates(0.1, 1e-5, 20), [0.1, 0.1 * omega2, 0.1 / omega2], 1e-15);
  });

  test("are clipped to at most 1", () => {
    expectClose(gammaCandidates(0.8, 1e-5, 20), [0.8, 0.8 * omega2, 1], 1e-15);
  });

  test("are clipped to at least √η", () => {
    expectClose(gammaCandidates(0.11, 0.01, 20), [0.11, 0.1, 0.11 / omega2], 1e-15);
  });

  test("are all clipped, γ itself too, and none is tried twice", () => {
    expect(gammaCandidates(12, 1e-5, 20)).toEqual([1]);
    expectClose(gammaCandidates(1, 1e-5, 20), [1, omega2], 1e-15);
    expect(gammaCandidates(1e-9, 0.04, 20)).toEqual([0.2]);
  });
});

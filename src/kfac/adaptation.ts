/** How damping is adapted: λ by Levenberg–Marquardt (§6.5), γ by a three-way search (§6.6). */

/** ω₁ and ω₂ are powers of this. */
const RATE = 19 / 20;

/**
 * λ after a step whose reduction ratio was ρ = (h(θ+δ) − h(θ)) / (M(δ) − M(0)): with ω₁ = (19/20)^T₁,
 * ρ > ¾: ω₁λ;  ρ < ¼ or NaN: λ/ω₁;  otherwise λ (§6.5).
 */
export function adaptedLambda(lambda: number, rho: number, every: number): number {
  const omega1 = RATE ** every;
  if (rho > 3 / 4) return omega1 * lambda;
  return rho >= 1 / 4 ? lambda : lambda / omega1;
}

/** γ, ω₂γ and γ/ω₂ with ω₂ = √(19/20)^T₂, clipped to [√η, 1], without repetitions (§6.6). */
export function gammaCandidates(gamma: number, eta: number, every: number): number[] {
  const omega2 = Math.sqrt(RATE) ** every;
  const clipped = [gamma, omega2 * gamma, gamma / omega2].map((g) => Math.min(Math.max(g, Math.sqrt(eta)), 1));
  return [...new Set(clipped)];
}

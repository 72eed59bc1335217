/** How damping is adapted: λ by Levenberg–Marquardt (§6.5), γ by a three-way search (§6.6). */

/** ω₁ and ω₂ are powers of this. */
const RATE = 19 / 20;
/** Damping that was 0 is raised to this. */
const LEAST_DAMPING = 1e-8;

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

/** γ after a rejected step: 1/ω₂, of T₁ iterations, times as large, to 1 at most. */
export function gammaAfterRejection(gamma: number, every: number): number {
  return Math.min(gamma / Math.sqrt(RATE) ** every, Math.max(gamma, 1));
}

/** λ and γ² tenfold: what every failed inverse and every model without a minimum leads to. */
export function raisedDamping(lambda: number, gamma: number): { lambda: number; gamma: number } {
  return {
    lambda: Math.max(10 * lambda, LEAST_DAMPING),
    gamma: Math.max(Math.sqrt(10) * gamma, Math.sqrt(LEAST_DAMPING)),
  };
}

/** Products that determine M along Δ and δ₀. δ₀ products are 0 on the first step, or without momentum. */
export interface ModelProducts {
  /** ∇hᵀΔ and ∇hᵀδ₀ */
  readonly gDelta: number;
  readonly gPrevious: number;
  /** ΔᵀFΔ, ΔᵀFδ₀, δ₀ᵀFδ₀ with the exact Fisher F of the minibatch. */
  readonly fDelta: number;
  readonly fCross: number;
  readonly fPrevious: number;
  /** ΔᵀΔ, Δᵀδ₀, δ₀ᵀδ₀ */
  readonly delta: number;
  readonly cross: number;
  readonly previous: number;
}

/** The minimum of M along the two directions. */
export interface ModelMinimum {
  readonly alpha: number;
  readonly mu: number;
  /** M(δ) − M(0) at δ = αΔ + μδ₀: the decrease that the model predicts. */
  readonly change: number;
  /** The same without the damping term ½λ‖δ‖². */
  readonly undampedChange: number;
  /** δᵀFδ, twice the KL divergence that the step is expected to make. */
  readonly curvature: number;
  /** Whether the 2 × 2 system was too close to singular, and δ₀ was left out. */
  readonly collinear: boolean;
  /** The share of its length that the norm constraint left to the step; 1 where it does not bind. */
  readonly nu: number;
}

/** 1 − cos² of the angle between Δ and δ₀ in the metric K, below which the 2 × 2 system counts as singular. */
const COLLINEAR = 1e-6;

/**
 * Minimises M(δ) = h + ∇hᵀδ + ½δᵀ(F + (λ + η)I)δ over δ = αΔ + μδ₀ (§6.4, §7): with K = F + (λ + η)I,
 *   [α; μ] = −[ΔᵀKΔ, ΔᵀKδ₀; δ₀ᵀKΔ, δ₀ᵀKδ₀]⁻¹ [∇hᵀΔ; ∇hᵀδ₀]
 * At the optimum M(δ) − M(0) = ½∇hᵀδ. Undefined where ΔᵀKΔ is not positive: then M has no minimum along Δ.
 */
export function minimiseModel(p: ModelProducts, lambda: number, eta: number): ModelMinimum | undefined {
  const damping = lambda + eta;
  const k11 = p.fDelta + damping * p.delta;
  const k12 = p.fCross + damping * p.cross;
  const k22 = p.fPrevious + damping * p.previous;
  if (!(k11 > 0) || !Number.isFinite(k11) || !Number.isFinite(p.gDelta)) return undefined;

  const determinant = k11 * k22 - k12 * k12;
  const collinear = !(determinant > COLLINEAR * k11 * k22) || !Number.isFinite(p.gPrevious);
  const alpha = collinear ? -p.gDelta / k11 : (k12 * p.gPrevious - k22 * p.gDelta) / determinant;
  const mu = collinear ? 0 : (k12 * p.gDelta - k11 * p.gPrevious) / determinant;
  return at(p, alpha, mu, lambda, eta, collinear && p.previous > 0);
}

/** M at any α and μ. */
export function at(
  p: ModelProducts,
  alpha: number,
  mu: number,
  lambda: number,
  eta: number,
  collinear = false,
): ModelMinimum {
  const quadratic = (d: number, c: number, q: number) => alpha * alpha * d + 2 * alpha * mu * c + mu * mu * q;
  const curvature = quadratic(p.fDelta, p.fCross, p.fPrevious);
  const squaredNorm = quadratic(p.delta, p.cross, p.previous);
  const undampedChange = alpha * p.gDelta + mu * p.gPrevious + 0.5 * (curvature + eta * squaredNorm);
  const change = undampedChange + 0.5 * lambda * squaredNorm;
  return { alpha, mu, change, undampedChange, curvature, collinear, nu: 1 };
}

/**
 * Whether δ = αΔ + μδ₀ and θ + δ are finite in a dtype whose largest number is given: no element of δ exceeds |α|‖Δ‖ + |μ|‖δ₀‖, and
 * none of θ the root of that number, or h were not finite.
 */
export function isRepresentable(p: ModelProducts, { alpha, mu }: ModelMinimum, largest: number): boolean {
  const bound = Math.abs(alpha) * Math.sqrt(p.delta) + Math.abs(mu) * Math.sqrt(p.previous);
  return Math.max(Math.abs(alpha), Math.abs(mu), bound) < largest / 2;
}

/** A step whose δᵀFδ exceeds the bound, shortened to meet it: νδ with ν = √(bound / δᵀFδ). */
export function constrained(
  p: ModelProducts,
  minimum: ModelMinimum,
  bound: number,
  lambda: number,
  eta: number,
): ModelMinimum {
  if (!(minimum.curvature > bound)) return minimum;
  const nu = Math.sqrt(bound / minimum.curvature);
  return { ...at(p, nu * minimum.alpha, nu * minimum.mu, lambda, eta, minimum.collinear), nu };
}

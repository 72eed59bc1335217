/** The value below which a share of the sample lies, between its neighbours where it falls between two. */
export function quantile(sample: readonly number[], share: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

export function median(sample: readonly number[]): number {
  return quantile(sample, 0.5);
}

/** How far apart the middle half of the sample lies, relative to its median; NaN where there is only one number. */
export function relativeSpread(sample: readonly number[]): number {
  if (sample.length < 2) return NaN;
  return (quantile(sample, 0.75) - quantile(sample, 0.25)) / median(sample);
}

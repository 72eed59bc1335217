/** A measured number to four significant digits, in plain notation where that is short: 540.0, 0.3012, 1.00e-5. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value)) return String(value);
  if (size < 1e-3 || size >= 1e7) return value.toExponential(2);
  return value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(size))));
}

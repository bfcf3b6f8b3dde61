/** Numbers in sentences. */

/** Three digits. */
export function short(value: number): string {
  return Number.isFinite(value)
    ? String(Number(value.toPrecision(3)))
    : value > 0
      ? "infinite"
      : String(value);
}

/** A value with its standard error, two digits of it. */
export function withError(value: number, standardError: number): string {
  if (!Number.isFinite(value) || !Number.isFinite(standardError)) return short(value);
  return `${short(value)} ± ${String(Number(standardError.toPrecision(2)))}`;
}

/** e^growth as a factor. */
export function factor(growth: number): string {
  const exponent = growth / Math.LN10;
  return exponent < 4
    ? `a factor of ${short(Math.exp(Math.max(growth, 0)))}`
    : `a factor of 1e${Math.round(exponent)}`;
}

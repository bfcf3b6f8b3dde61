/** Thins a long series to a drawable number of points and keeps what the eye would look for: its extremes. */

/**
 * Indices of at most about `limit` points of a series. Each bucket of neighbours keeps its lowest and highest y (its
 * lowest and highest x too where x runs back and forth) and one point that is not finite, so that gaps stay visible.
 */
export function keepIndices(
  x: readonly number[],
  ys: readonly (readonly number[])[],
  limit = 2000,
): number[] {
  const count = x.length;
  if (count <= limit) return Array.from({ length: count }, (_, i) => i);
  const tracked = isMonotonic(x) ? ys : [...ys, x];
  const perBucket = 2 * tracked.length;
  const buckets = Math.max(1, Math.floor((limit - 2) / perBucket));
  const kept = new Set<number>([0, count - 1]);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * count) / buckets);
    const to = Math.floor(((bucket + 1) * count) / buckets);
    for (const values of tracked) for (const index of extremes(values, from, to)) kept.add(index);
  }
  return [...kept].toSorted((a, b) => a - b);
}

/** Indices of the least, the greatest and the first non-finite value in [from, to). */
function extremes(values: readonly number[], from: number, to: number): number[] {
  let least = -1;
  let greatest = -1;
  let broken = -1;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) {
      if (broken === -1) broken = i;
      continue;
    }
    if (least === -1 || value < values[least]!) least = i;
    if (greatest === -1 || value > values[greatest]!) greatest = i;
  }
  return [least, greatest, broken].filter((index) => index !== -1);
}

function isMonotonic(x: readonly number[]): boolean {
  for (let i = 1; i < x.length; i++) if (x[i]! < x[i - 1]!) return false;
  return true;
}

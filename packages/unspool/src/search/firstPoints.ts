/** First points of methods that keep several: uniform in a finite box, normal around the start elsewhere. */
import type { VectorStart } from "./vectorSearch.ts";

/** `count` points, [count · d]; the first of them is the start. */
export function firstPoints({ start, box, stream }: VectorStart, count: number, sigma: number): Float64Array {
  const size = start.length;
  return Float64Array.from({ length: count * size }, (_, i) => {
    const j = i % size;
    if (i < size) return start[j]!;
    const [low, high] = [box?.low[j] ?? -Infinity, box?.high[j] ?? Infinity];
    if (Number.isFinite(high - low)) return low + (high - low) * stream.uniform();
    return Math.min(Math.max(start[j]! + sigma * stream.normal(), low), high);
  });
}

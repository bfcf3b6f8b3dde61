/** What a point is expected to be better than the best so far by, counting what is worse as 0 (Jones et al. 1998, equation 15). */
import { normalDensity, normalProbability } from "./normalDistribution.ts";

/** E max(least - L, 0) for a normal L. */
export function expectedImprovement(
  { mean, deviation }: { mean: number; deviation: number },
  least: number,
): number {
  if (deviation === 0) return Math.max(least - mean, 0);
  const z = (least - mean) / deviation;
  return Math.max((least - mean) * normalProbability(z) + deviation * normalDensity(z), 0);
}

/**
 * Whether gradients explode along an unroll, from what has no units: the growth of the derivatives of its losses, and
 * the variances of the two kinds of gradient. Exponents and norms of the state's derivative do not enter: over a finite
 * horizon they change with the units in which the state is stored.
 */
import type { GradientGrowthResult } from "./gradientGrowth.ts";
import type { GradientVarianceResult, HorizonVariance } from "./gradientVariance.ts";

/**
 * ln of growth: by 30 it is harmless, by 1000, twice as many decades, it is not. Derivatives of single losses go up and
 * down by a factor of two or three as a miss goes through 0, and three of them say what the growth is: a factor of about
 * 10 is within that.
 */
export const harmless: number = Math.log(30);
export const explosion: number = Math.log(1e3);

export interface RegimeEvidence {
  growth: Pick<GradientGrowthResult, "logLossGrowth">;
  variance: {
    horizons: readonly {
      horizon: number;
      rp: Pick<HorizonVariance["rp"], "totalVariance">;
      esAntithetic: Pick<HorizonVariance["rp"], "totalVariance">;
      esCentred: Pick<HorizonVariance["rp"], "totalVariance">;
    }[];
  };
}

export type LoopRegime = "stable" | "growing" | "chaotic";

/**
 * "stable": derivatives of losses grow exponentially by less than 30. "growing": by less than 1000, or by more
 * while the gradient at perturbed thetas still varies less than that of evolution strategies. "chaotic": by more than
 * 1000, and it varies more; or its standard deviation is 1000 times theirs, whatever the growth (a loss that comes at
 * the end only has none).
 */
export function gradientRegime(evidence: RegimeEvidence): LoopRegime {
  const growth = lossGrowth(evidence);
  if (isVarianceHopeless(evidence)) return "chaotic";
  if (growth < harmless) return "stable";
  return growth >= explosion && !isBackpropQuieter(evidence) ? "chaotic" : "growing";
}

/** ln of the largest growth over the steps; -Infinity where nothing depends on theta. */
export function lossGrowth({ growth }: Pick<RegimeEvidence, "growth">): number {
  return growth.logLossGrowth.reduce((most, one) => Math.max(most, one), -Infinity);
}

/** Steps over which gradients can be used: Infinity where they are not chaotic. */
export function usableSteps(evidence: RegimeEvidence): number {
  if (gradientRegime(evidence) !== "chaotic") return Infinity;
  const exploded = evidence.growth.logLossGrowth.findIndex((value) => value >= explosion);
  if (exploded >= 0) return Math.max(1, exploded);
  // By the variances alone: the last horizon that was measured and at which they were not hopeless.
  const { horizons } = evidence.variance;
  const hopeless = horizons.findIndex(isHopeless);
  return hopeless <= 0 ? 1 : horizons[hopeless - 1]!.horizon;
}

type Variances = RegimeEvidence["variance"]["horizons"][number];

function isHopeless(at: Variances): boolean {
  return at.rp.totalVariance > Math.exp(2 * explosion) * evolutionVariance(at);
}

/**
 * Of evolution strategies, the larger of two kinds: antithetic pairs cancel at a minimum, whatever the loss does around
 * it, and beside their 0 the derivative of any bowl would vary infinitely more.
 */
const evolutionVariance = ({ esAntithetic, esCentred }: Variances): number =>
  Math.max(esAntithetic.totalVariance, esCentred.totalVariance);

const isVarianceHopeless = ({ variance }: RegimeEvidence): boolean => isHopeless(variance.horizons.at(-1)!);

/** Whether the gradient at perturbed thetas varies less than that of evolution strategies, at the longest horizon. */
export function isBackpropQuieter({
  variance,
}: {
  variance: Pick<GradientVarianceResult, "horizons"> | RegimeEvidence["variance"];
}): boolean {
  const last = variance.horizons.at(-1)!;
  return last.rp.totalVariance <= evolutionVariance(last);
}

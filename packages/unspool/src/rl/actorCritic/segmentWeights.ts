/**
 * What each segment's perturbation counts for in the step of the actor: its advantage, of the best segments only if one
 * wants, and brought to mean 0 and deviation 1 over those if one wants.
 *
 *     w_i = Â_i / M' for the M' = floor(elitism M) segments that are kept, else 0
 *     Â   = A, or (A - mean) / (std + 1e-8) with the deviation of the kept ones themselves
 */
import { OptionError, requireKnownOptions, requireOneOf } from "../../errors.ts";

export interface SegmentWeightOptions {
  /** Share of the segments that is kept. Default 1. */
  elitism?: number;
  /** Which are the best: those of the largest advantage ("value"), or of the largest in size ("size"). Default "size". */
  eliteBy?: "value" | "size";
  /** Advantages have mean 0 and deviation 1 over those kept. Default true. */
  isNormalized?: boolean;
}

/** Beside a deviation, so that equal advantages give 0. */
const leastDeviation = 1e-8;

/** The checked options. Throws `OptionError`, also where no segment of `segments` would be kept. */
export function segmentWeightOptions(
  where: string,
  options: SegmentWeightOptions,
  segments: number,
): Required<SegmentWeightOptions> {
  const { elitism = 1, eliteBy = "size", isNormalized = true } = options;
  requireOneOf(where, "eliteBy", eliteBy, ["value", "size"]);
  if (!(typeof elitism === "number" && elitism <= 1 && Math.floor(elitism * segments) >= 1)) {
    const least = `at most 1 and at least 1 / ${segments}, so that one of ${segments} segments is kept`;
    throw new OptionError(where, "elitism", elitism, least);
  }
  return { elitism, eliteBy, isNormalized };
}

/** One weight per segment, in float64; segments that are not kept have 0. Of equal advantages the first is kept. */
export function segmentWeights(
  advantages: ArrayLike<number>,
  options: SegmentWeightOptions = {},
): Float64Array {
  requireKnownOptions("segmentWeights", options, ["elitism", "eliteBy", "isNormalized"]);
  const { length } = advantages;
  const { elitism, eliteBy, isNormalized } = segmentWeightOptions("segmentWeights", options, length);
  const merit = Float64Array.from(advantages, eliteBy === "size" ? Math.abs : Number);
  const order = Array.from(merit, (_, i) => i).toSorted((a, b) => merit[b]! - merit[a]! || a - b);
  const kept = order.slice(0, Math.floor(elitism * length)).toSorted((a, b) => a - b);
  const mean = kept.reduce((sum, i) => sum + advantages[i]!, 0) / kept.length;
  const variance = kept.reduce((sum, i) => sum + (advantages[i]! - mean) ** 2, 0) / kept.length;
  const scale = Math.sqrt(variance) + leastDeviation;
  const weights = new Float64Array(length);
  for (const i of kept)
    weights[i] = (isNormalized ? (advantages[i]! - mean) / scale : advantages[i]!) / kept.length;
  return weights;
}

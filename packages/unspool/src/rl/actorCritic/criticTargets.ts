/**
 * What the critic is to learn: TD(lambda) over all that a sampler has played in a row, whatever segments it belongs to.
 *
 *     G_k = delta_k + gamma lambda G_{k+1},   nothing across the last step of an episode;   target_k = G_k + V(s_k)
 *
 * The last step of the record looks no further: what comes after it is in its delta (Lei et al., arXiv 2201.12518).
 */
import {
  type DiscountOptions,
  type SegmentRecord,
  discountsOf,
  requireRecord,
  temporalDifferences,
} from "./segmentRecord.ts";

/** One target per step of the record, in float64. */
export function criticTargets(record: SegmentRecord, options: DiscountOptions = {}): Float64Array {
  const { discount, lambda } = discountsOf("criticTargets", options);
  requireRecord("criticTargets", record);
  const errors = temporalDifferences(record, discount);
  let ahead = 0;
  for (let k = errors.length - 1; k >= 0; k--) {
    ahead = errors[k]! + discount * lambda * (record.isLast[k] ? 0 : ahead);
    errors[k] = ahead + record.values[k]!;
  }
  return errors;
}

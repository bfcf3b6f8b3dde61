/**
 * How much better a segment went than the critic expected: a generalised advantage (Schulman et al., arXiv 1506.02438) of
 * the parameters that were held, over the L steps that were really played (Lei et al., arXiv 2201.12518).
 *
 *     A_i = sum_{k < L} (gamma lambda)^k delta_{t_i + k}
 *         = sum_{k < L} gamma^k r_k + gamma^L V(s_L) - V(s_0)      for lambda = 1; no V(s_L) after an end
 */
import {
  type DiscountOptions,
  type SegmentRecord,
  discountsOf,
  requireRecord,
  temporalDifferences,
} from "./segmentRecord.ts";

/** One advantage per segment of the record, in float64. */
export function segmentAdvantages(record: SegmentRecord, options: DiscountOptions = {}): Float64Array {
  const { discount, lambda } = discountsOf("segmentAdvantages", options);
  requireRecord("segmentAdvantages", record);
  const errors = temporalDifferences(record, discount);
  const { starts, isLast } = record;
  return Float64Array.from(starts, (start, i) => {
    let advantage = 0;
    for (let k = (starts[i + 1] ?? errors.length) - 1; k >= start; k--)
      advantage = errors[k]! + discount * lambda * (isLast[k] ? 0 : advantage);
    return advantage;
  });
}

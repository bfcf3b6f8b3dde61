/**
 * Batches of the size of the gradient noise scale (McCandlish et al., arXiv 2018).
 *
 *     B = factor · mean(tr Σ) / mean(|G|²),     mean ← kept · mean + (1 - kept) · new, without bias towards 0
 */
import { requirePositive } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type BatchController, type BatchRange, batchRangeDefaults, needed } from "./batchController.ts";
import { requireBatchRange, rounded } from "./batchController.ts";
import { type RunningMean, follow, requireKept } from "./runningMean.ts";

export interface FollowNoiseScaleOptions extends BatchRange {
  /** Batch over noise scale. At 1 a step gains half of what one with an endless batch would. Default 1. */
  factor?: number;
  /** Part of the running means that is kept per call. Default 0.9. */
  kept?: number;
}

export type FollowNoiseScaleState = { noiseTrace: RunningMean; squaredGradient: RunningMean };

export const followNoiseScaleDefaults: Required<FollowNoiseScaleOptions> = {
  ...batchRangeDefaults,
  factor: 1,
  kept: 0.9,
};

/**
 * Batches that grow as gradients become small beside their noise. Needs the statistics `noiseTrace` and
 * `squaredGradient`, as `noiseScaleMeter` measures them. While the mean of the latter is not above 0, the batch is
 * `most`.
 */
export function followNoiseScale(
  options: FollowNoiseScaleOptions = {},
): BatchController<FollowNoiseScaleState> {
  const rule = withDefaults("followNoiseScale", options, followNoiseScaleDefaults);
  requireBatchRange("followNoiseScale", rule);
  requirePositive("followNoiseScale", "factor", rule.factor);
  requireKept("followNoiseScale", rule.kept);
  return {
    name: "followNoiseScale",
    init: () => ({ noiseTrace: { sum: 0, weight: 0 }, squaredGradient: { sum: 0, weight: 0 } }),
    next(state, statistics) {
      const [trace, square] = (["noiseTrace", "squaredGradient"] as const).map((name) =>
        follow(state[name], needed("followNoiseScale", statistics, name), rule.kept),
      );
      const size = square!.mean > 0 ? (rule.factor * trace!.mean) / square!.mean : Infinity;
      return {
        batchSize: rounded(size, rule),
        state: { noiseTrace: trace!.running, squaredGradient: square!.running },
      };
    },
  };
}

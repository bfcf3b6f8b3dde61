/**
 * CABS: coupling the batch with the learning rate (Balles, Romero & Hennig, UAI 2017).
 *
 *     B = learningRate · tr Σ / loss
 *
 * tr Σ is averaged over calls: mean ← kept · mean + (1 - kept) · tr Σ, without bias towards 0.
 */
import { OptionError } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type BatchController, type BatchRange, batchRangeDefaults, needed } from "./batchController.ts";
import { requireBatchRange, rounded } from "./batchController.ts";
import { type RunningMean, follow, requireKept } from "./runningMean.ts";

export interface CabsOptions extends BatchRange {
  /** Part of the running mean of the variance that is kept per call. Default 0.95. */
  kept?: number;
}

export type CabsState = { noiseTrace: RunningMean };

export const cabsDefaults: Required<CabsOptions> = { ...batchRangeDefaults, kept: 0.95 };

/**
 * Batches that grow as the loss falls, so that a step's noise keeps in step with what it can gain; the loss must be
 * one whose minimum is near 0. Needs the statistics `learningRate`, `noiseTrace` and `loss`.
 */
export function cabs(options: CabsOptions = {}): BatchController<CabsState> {
  const rule = withDefaults("cabs", options, cabsDefaults);
  requireBatchRange("cabs", rule);
  requireKept("cabs", rule.kept);
  return {
    name: "cabs",
    init: () => ({ noiseTrace: { sum: 0, weight: 0 } }),
    next(state, statistics) {
      const [rate, trace, loss] = (["learningRate", "noiseTrace", "loss"] as const).map((name) =>
        needed("cabs", statistics, name),
      );
      if (!(loss! > 0)) throw new OptionError("cabs", "the statistic loss", loss, "above 0");
      const { mean, running } = follow(state.noiseTrace, trace!, rule.kept);
      return { batchSize: rounded((rate! * mean) / loss!, rule), state: { noiseTrace: running } };
    },
  };
}

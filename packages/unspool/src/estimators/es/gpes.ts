/**
 * Generalised PES: perturbations redrawn every `noisePeriod` inner steps. `noisePeriod` equal to the truncation is
 * PES, at least the horizon is NRES.
 *
 * Li et al., NeurIPS 2023 (GPES); Vicol, Kolter, Swersky, ICML 2023 (there ES-Gen).
 */
import { esOptionNames } from "./esOptions.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Problem, windowPlan, requireProblem } from "../../unroll/index.ts";
import type { EsOptions } from "./esOptions.ts";
import type { PairEstimator } from "../estimator.ts";
import { type PairState, noiseReuse } from "./noiseReuse.ts";

export interface GpesOptions extends EsOptions {
  /** Inner steps between draws, K': a multiple of the truncation. Default: the truncation. */
  noisePeriod?: number;
}

/** GPES, between `pes` and `nres`. Cost: as `pes`. */
export function gpes<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: GpesOptions = {},
): PairEstimator<Theta, PairState> {
  requireKnownOptions("gpes", options, [...esOptionNames, "noisePeriod"]);
  requireProblem("gpes", problem);
  const { truncation } = windowPlan("gpes", problem.horizon, options);
  const noisePeriod = options.noisePeriod ?? truncation;
  if (noisePeriod !== Infinity) {
    requireInteger("gpes", "noisePeriod", noisePeriod, 1);
    if (noisePeriod % truncation !== 0) {
      throw new OptionError(
        "gpes",
        "noisePeriod",
        noisePeriod,
        `a multiple of the truncation ${truncation}, or Infinity`,
      );
    }
  }
  return noiseReuse("gpes", problem, options, { noisePeriod, isPersistent: true });
}

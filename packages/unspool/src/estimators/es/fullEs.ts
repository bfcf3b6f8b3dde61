/**
 * Full evolution strategies: antithetic pairs over the whole horizon, a new trajectory for every estimate.
 *
 *     g = 1/(2 sigma²) · mean over pairs of eps (L+ - L-)
 *
 * L is of the losses of all T steps: their sum or mean, the least, the last, or the problem's `finalLoss` in their place.
 */
import { wholeOptionNames } from "./esOptions.ts";
import { OptionError, requireKnownOptions, requireOneOf } from "../../errors.ts";
import { type Problem, requireFinalLoss, requireProblem } from "../../unroll/index.ts";
import type { EsOptions, StepLosses } from "./esOptions.ts";
import type { PairEstimator } from "../estimator.ts";
import { type PairState, noiseReuse } from "./noiseReuse.ts";

export type FullEsObjective = "sum" | "mean" | "minimum" | "last" | "final";

export interface FullEsOptions extends Omit<EsOptions, "truncation" | "resets" | "objective"> {
  /**
   * What of a trajectory is minimised: the sum of its steps' losses, their mean, the least of them, that of the last step, or
   * the problem's `finalLoss`, on a batch that is drawn once per trajectory. Default "mean".
   */
  objective?: FullEsObjective;
}

const objectives: readonly FullEsObjective[] = ["sum", "mean", "minimum", "last", "final"];

/** Full ES. Unbiased for the smoothed objective. Cost: 2 · pairs · horizon inner steps. */
export function fullEs<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: FullEsOptions = {},
): PairEstimator<Theta, PairState> {
  requireKnownOptions("fullEs", options, wholeOptionNames);
  requireProblem("fullEs", problem);
  const { horizon } = problem;
  if (horizon === Infinity) {
    throw new OptionError(
      "fullEs",
      "problem.horizon",
      horizon,
      "finite",
      "Use pes or nres for a loop without an end.",
    );
  }
  const { objective = "mean", ...rest } = options;
  requireOneOf("fullEs", "objective", objective, objectives);
  if (objective === "final") requireFinalLoss("fullEs", problem);
  const ofSteps = objective === "sum" || objective === "mean" ? { objective } : {};
  const over: StepLosses = objective === "sum" || objective === "mean" ? "sum" : objective;
  return noiseReuse(
    "fullEs",
    problem,
    { ...rest, ...ofSteps, truncation: horizon, resets: "lockstep" },
    { noisePeriod: 0, isPersistent: true, over },
  );
}

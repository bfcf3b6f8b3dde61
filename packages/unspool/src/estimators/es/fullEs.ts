/**
 * Full evolution strategies: antithetic pairs over the whole horizon, a new trajectory for every estimate.
 *
 *     g = 1/(2 sigma²) · mean over pairs of eps (L+ - L-),   L over all T steps
 */
import { wholeOptionNames } from "./esOptions.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type Problem, requireProblem } from "../../unroll/index.ts";
import type { EsOptions } from "./esOptions.ts";
import type { GradientEstimator } from "../estimator.ts";
import { type PairState, noiseReuse } from "./noiseReuse.ts";

export type FullEsOptions = Omit<EsOptions, "truncation" | "resets">;

/** Full ES. Unbiased for the smoothed objective. Cost: 2 · pairs · horizon inner steps. */
export function fullEs<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: FullEsOptions = {},
): GradientEstimator<Theta, PairState> {
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
  return noiseReuse(
    "fullEs",
    problem,
    { ...options, truncation: horizon, resets: "lockstep" },
    {
      noisePeriod: 0,
      isPersistent: true,
    },
  );
}

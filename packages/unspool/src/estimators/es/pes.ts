/**
 * Persistent evolution strategies: unbiased gradients (of the Gaussian-smoothed objective) from windows of K steps.
 *
 *     xi += eps_w;   g = 1/(2 sigma²) · mean over pairs of xi (L+ - L-)
 *
 * Vicol, Metz, Sohl-Dickstein, "Unbiased Gradient Estimation in Unrolled Computation Graphs with Persistent
 * Evolution Strategies", ICML 2021, Algorithm 2.
 */
import { esOptionNames } from "./esOptions.ts";
import { requireKnownOptions } from "../../errors.ts";
import type { Problem } from "../../unroll/index.ts";
import type { EsOptions } from "./esOptions.ts";
import type { PairEstimator } from "../estimator.ts";
import { type PairState, noiseReuse } from "./noiseReuse.ts";

/**
 * PES. Cost: 2 · pairs · truncation inner steps, no backward pass; 2 · pairs states and one accumulator of theta's
 * size per pair, whatever the horizon.
 *
 * @example
 * const estimator = pes(problem, { sigma: 0.1, truncation: 10, pairs: 50 });
 */
export function pes<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: EsOptions = {},
): PairEstimator<Theta, PairState> {
  requireKnownOptions("pes", options, esOptionNames);
  return noiseReuse("pes", problem, options, { noisePeriod: 0, isPersistent: true });
}

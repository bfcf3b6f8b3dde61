/**
 * Noise-reuse evolution strategies, the same estimator as ES-Single: one perturbation per trajectory.
 *
 *     g = 1/(2 sigma²) · mean over pairs of eps (L+ - L-),   eps drawn at the start of each trajectory
 *
 * Li et al., "Variance-Reduced Gradient Estimation via Noise-Reuse in Online Evolution Strategies", NeurIPS 2023;
 * Vicol, Kolter, Swersky, "Low-Variance Gradient Estimation in Unrolled Computation Graphs with ES-Single", ICML 2023.
 */
import { esOptionNames } from "./esOptions.ts";
import { requireKnownOptions } from "../../errors.ts";
import type { Problem } from "../../unroll/index.ts";
import type { EsOptions } from "./esOptions.ts";
import type { PairEstimator } from "../estimator.ts";
import { type PairState, noiseReuse } from "./noiseReuse.ts";

/**
 * NRES / ES-Single. In every window its mean square is at most that of PES for quadratic losses. Cost: as `pes`, with
 * the perturbation of each pair in place of an accumulator.
 */
export function nres<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: EsOptions = {},
): PairEstimator<Theta, PairState> {
  requireKnownOptions("nres", options, esOptionNames);
  return noiseReuse("nres", problem, options, { noisePeriod: Infinity, isPersistent: true });
}

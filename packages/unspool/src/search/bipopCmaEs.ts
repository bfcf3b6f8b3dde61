/**
 * BIPOP-CMA-ES: two kinds of restarts that share the evaluations, large populations that grow as in IPOP, and small ones with
 * small steps (Hansen 2009, "Benchmarking a BI-Population CMA-ES on the BBOB-2009 Function Testbed").
 *
 *     lambda_s = lambda_0 (lambda_l / (2 lambda_0))^{u²},    sigma_s = sigma 10^{-2 u'},    u, u' uniform
 *
 * A small run follows while small runs have used fewer evaluations than large ones, and has at most half of those of all large
 * ones; the first run counts as a small one (as in pycma 4.4).
 */
import { requireKnownOptions } from "../errors.ts";
import {
  type NextRun,
  type RestartOptions,
  type RestartState,
  restartOptionNames,
  restartRules,
} from "./cmaRestarts.ts";
import type { Search } from "./search.ts";
import { type VectorSearchState, vectorSearch } from "./vectorSearch.ts";

export type BipopCmaEsOptions = RestartOptions;

/**
 * CMA-ES with restarts of large and of small populations. Recommends the best candidate so far. Runs begin uniformly in a
 * finite box, otherwise around the start. Cost: that of `cmaEs`.
 */
export function bipopCmaEs<Theta>(
  options: BipopCmaEsOptions = {},
): Search<Theta, VectorSearchState<RestartState>> {
  requireKnownOptions("bipopCmaEs", options, restartOptionNames);
  return vectorSearch(restartRules("bipopCmaEs", options, nextRun), options.box);
}

/** @internal The run after those that `state` tells of. */
export const nextRun: NextRun = (state, { population, sigma, growth }, uniform) => {
  const { largeRuns, largeBefore, smallBefore } = state;
  if (smallBefore >= Math.max(1, largeBefore)) {
    const next = Math.round(population * growth ** (largeRuns + 1));
    return { population: next, sigma, isSmall: false, budget: Infinity };
  }
  const share = (growth ** largeRuns / 2) ** (uniform() ** 2);
  return {
    population: Math.max(2, Math.floor(population * share)),
    sigma: sigma * 10 ** (-2 * uniform()),
    isSmall: true,
    budget: Math.ceil(largeBefore / 2),
  };
};

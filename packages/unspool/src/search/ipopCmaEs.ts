/**
 * IPOP-CMA-ES: restarts with ever larger populations, which see more and more of a loss with many minima (Auger and Hansen
 * 2005, "A Restart CMA Evolution Strategy With Increasing Population Size").
 *
 *     lambda of restart r = lambda_0 · growth^r
 */
import { requireKnownOptions } from "../errors.ts";
import { type RestartOptions, type RestartState, restartOptionNames, restartRules } from "./cmaRestarts.ts";
import type { Search } from "./search.ts";
import { type VectorSearchState, vectorSearch } from "./vectorSearch.ts";

export type IpopCmaEsOptions = RestartOptions;

/**
 * CMA-ES that restarts with a population `growth` times as large. Recommends the best candidate so far. Runs begin uniformly
 * in a finite box, otherwise around the start. Cost: that of `cmaEs`.
 */
export function ipopCmaEs<Theta>(
  options: IpopCmaEsOptions = {},
): Search<Theta, VectorSearchState<RestartState>> {
  requireKnownOptions("ipopCmaEs", options, restartOptionNames);
  const rules = restartRules("ipopCmaEs", options, ({ largeRuns }, { population, sigma, growth }) => ({
    population: Math.round(population * growth ** (largeRuns + 1)),
    sigma,
    isSmall: false,
    budget: Infinity,
  }));
  return vectorSearch(rules, options.box);
}

/**
 * The zeroth-order actor-critic with any search in place of the gradient: candidates are played for a segment each, and
 * judged by what the critic makes of the return from there on, so that a search for whole episodes learns from parts of
 * them (Lei et al., IEEE Trans. Evolutionary Computation 2025; its CMA-ES, particle swarm and differential evolution).
 *
 *     loss of candidate i = -(G(s_i) + V(s_i)),   the critic's target at the first step of its segment
 *
 * Other than with `zoac`, the state that a candidate starts from is not taken out of its loss.
 */
import { random } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type Method, shapes } from "../../methods/index.ts";
import type { Search } from "../../search/index.ts";
import { type ZoacCommonOptions, commonNames, zoacParts } from "./zoacOptions.ts";
import { programRecipe } from "./zoacRecipe.ts";
import { type ZoacState, estimatedReturnNote, initZoac, playAndJudge } from "./zoacUpdate.ts";

export interface ZoacSearchOptions<Theta, State> extends Omit<
  ZoacCommonOptions<Theta>,
  "sigma" | "isAntithetic" | "isFilterUpdated"
> {
  /** What asks for candidates, as many as samplers or a multiple: each sampler plays its share of them in a row. */
  search: Search<Theta, State>;
}

export interface ZoacSearchState<State = unknown> extends ZoacState {
  search: State;
}

/**
 * One outer step asks `search` for candidates, plays a segment with each, trains the critic, and tells their losses. Theta
 * is what the search recommends. The loss is the mean over candidates.
 *
 * @example
 * zoacSearch({ environment, policy, search: cmaEs({ sigma: 0.3, population: 20 }), samplers: 10 });
 */
export function zoacSearch<Theta, State>(
  options: ZoacSearchOptions<Theta, State>,
): Method<Theta, ZoacSearchState<State>> {
  const where = "zoacSearch";
  const names = commonNames.filter(
    (name) => name !== "sigma" && name !== "isAntithetic" && name !== "isFilterUpdated",
  );
  requireKnownOptions(where, options, [...names, "search"]);
  const { search, ...common } = options;
  if (typeof search?.ask !== "function" || typeof search.tell !== "function")
    throw new OptionError(
      where,
      "search",
      search,
      "a search",
      "Make one with cmaEs() or createSearch(name).",
    );
  if (common.policy?.filter !== undefined)
    throw new OptionError(
      where,
      "policy",
      common.policy.name,
      "one without a filter of observations",
      "The search would search for the filter; use zoac.",
    );
  const parts = zoacParts(where, common);
  return {
    name: where,
    lossNote: estimatedReturnNote,
    recipe: (theta, { search: state }) => ({
      search: { name: search.name, ...search.recipe, state: shapes(state) },
      zoac: { ...parts.recipe, ...programRecipe(parts, theta) },
    }),
    init: (theta, key) => ({
      ...initZoac(parts, theta, key),
      search: search.init(theta, random.foldIn(key, "search")),
    }),
    step(theta, { search: own, ...state }, key) {
      const asked = search.ask(own, random.foldIn(key, "ask"));
      const made = playAndJudge(parts, theta, state, key, (samplers, playKey) =>
        parts.player.playEach(asked.candidates, samplers, playKey),
      );
      const losses = made.judged.values.map((value) => -value);
      const told = search.tell(asked.state, losses);
      return {
        theta: search.incumbent(told.state),
        state: { ...made.state, search: told.state },
        loss: made.loss,
        metrics: { ...made.metrics, ...told.metrics },
      };
    },
    evaluationTheta: (_theta, state) => search.incumbent(state.search),
  };
}

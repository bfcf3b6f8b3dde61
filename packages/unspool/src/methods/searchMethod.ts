/** A search as a setup's method, by its name: what stands where an estimator and an optimizer do. */
import { type CommonSearchOptions, createSearch, searchEntry, unrollCandidates } from "../search/index.ts";
import { type Problem, eraseProblem } from "../unroll/index.ts";
import { askTell } from "./askTell.ts";
import type { Method } from "./method.ts";

/** What a search takes of the options of an inner problem: two candidates for each pair. */
export interface SearchedOptions {
  /** Standard deviation of the first candidates. Default: the search's own. */
  sigma?: number | undefined;
  /** Half of the candidates of a step. Default: the search's own number. */
  pairs?: number | undefined;
  /** Trajectories over which the loss of a candidate is averaged. Default 1. */
  tasks?: number | undefined;
  /** The loss of a candidate. Default "mean". */
  objective?: "mean" | "sum" | "final" | undefined;
}

/**
 * The method of a search over whole trajectories of `problem`, the same ones for all candidates of a step. `name` is a name or
 * alias of a search. Throws `OptionError` for another name, and for a problem whose horizon has no end.
 *
 * @example
 * setup: ({ steps }) => ({ theta, method: searchMethod("cmaEs", problem, { sigma: 0.5 }), steps })
 */
export function searchMethod<Theta, State, Batch>(
  name: string,
  problem: Problem<Theta, State, Batch>,
  { sigma, pairs, tasks = 1, objective = "mean" }: SearchedOptions = {},
): Method<Theta> {
  const options: CommonSearchOptions = {
    ...(sigma !== undefined && { sigma }),
    // A model of the losses learns from each evaluation: it is asked for one candidate at a time.
    ...(pairs !== undefined && searchEntry(name).kind !== "model" && { population: 2 * pairs }),
  };
  const method = askTell({
    search: createSearch<Theta>(name, options),
    evaluate: unrollCandidates(problem, { tasks, objective }),
    evaluation: { problem: problem.name, horizon: problem.horizon, tasks, objective },
  });
  if (objective === "final") return method;
  const given = { sigma, pairs, tasks, objective };
  return { ...method, madeFor: { problem: eraseProblem(problem), options: given } };
}

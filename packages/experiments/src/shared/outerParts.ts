/** What moves theta, by the name in a config: a gradient estimator with an optimizer, or a search. */
import {
  type AnyEstimator,
  type DescentParts,
  type EstimatorOptions,
  type Method,
  type MethodPart,
  type Optimizer,
  type Problem,
  askTell,
  createEstimator,
  createSearch,
  findSearch,
  unrollCandidates,
} from "unspool";

/** What a search takes of an estimator's options: two candidates for each pair. */
export interface SearchedOptions {
  sigma?: number;
  pairs?: number;
  tasks?: number;
  objective?: "mean" | "sum" | "final";
}

/** The parts of a setup. A search has no optimizer: it takes whole trajectories, and the truncation is not its concern. */
export function outerParts<Theta, State, Batch>(
  name: string,
  problem: Problem<Theta, State, Batch>,
  options: EstimatorOptions,
  optimizer: Optimizer,
): MethodPart<Theta> | DescentParts<Theta> {
  if (findSearch(name) !== undefined) return { method: searchMethod(name, problem, options) };
  const estimator: AnyEstimator<Theta> = createEstimator(name, problem, options);
  return { estimator, optimizer };
}

/** The method of a search of whole trajectories, the same ones for all candidates of a step. */
export function searchMethod<Theta, State, Batch>(
  name: string,
  problem: Problem<Theta, State, Batch>,
  { sigma, pairs, tasks = 1, objective = "mean" }: SearchedOptions,
): Method<Theta> {
  const search = createSearch<Theta>(name, {
    ...(sigma !== undefined && { sigma }),
    ...(pairs !== undefined && { population: 2 * pairs }),
  });
  return askTell({
    search,
    evaluate: unrollCandidates(problem, { tasks, objective }),
    evaluation: { problem: problem.name, horizon: problem.horizon, tasks, objective },
  }) as Method<Theta>;
}

/** What moves theta, by the name in a config: a gradient estimator with an optimizer, or a search. */
import {
  type AnyEstimator,
  type DescentParts,
  type EstimatorOptions,
  type MethodPart,
  type Optimizer,
  type Problem,
  createEstimator,
  findSearch,
  searchMethod,
} from "unspool";

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

/** The zeroth-order actor-critic as a method: the estimator's gradient, and an optimizer that takes a step with it. */
import { requireKnownOptions } from "../../errors.ts";
import { type DescentState, type Method, descent } from "../../methods/index.ts";
import { type Optimizer, adam } from "../../optimizers/index.ts";
import { type ZoacEstimatorOptions, estimatorNames, zoacEstimator } from "./zoacEstimator.ts";
import { programRecipe } from "./zoacRecipe.ts";

export interface ZoacOptions<Theta> extends ZoacEstimatorOptions<Theta> {
  /** Moves theta. Default `adam({ learningRate: 5e-2 })`, for parameters whose range is about [-1, 1]. */
  actor?: Optimizer;
}

/**
 * Improves a policy that need not be differentiable in a traced environment, from rewards per step. Equations:
 * `zoacEstimator`. Defaults are those of the authors' controller tuning, with targets and advantages computed anew in
 * each epoch.
 *
 * Cost per outer step: at most samplers · segments · segmentLength steps of the environment, and the critic's epochs.
 *
 * @example
 * const policy = cruisePid();
 * const method = zoac({ environment: adaptiveCruise(), policy });
 * // In an experiment: setup: ({ steps }) => ({ theta: policy.init(random.key(0)), method, steps })
 */
export function zoac<Theta>(options: ZoacOptions<Theta>): Method<Theta, DescentState> {
  requireKnownOptions("zoac", options, [...estimatorNames, "actor"]);
  const { actor = adam({ learningRate: 5e-2 }), ...own } = options;
  const estimator = zoacEstimator(own);
  const method = descent<Theta>(estimator, actor);
  return {
    ...method,
    name: "zoac",
    recipe: (theta, state) => ({
      ...method.recipe(theta, state),
      zoac: { ...estimator.recipe, ...programRecipe(estimator.parts, theta) },
    }),
  };
}

/** The zeroth-order actor-critic as a method: the estimator's gradient, and an optimizer that takes a step with it. */
import { type Tensor, np, tree } from "../../array/index.ts";
import { requireKnownOptions } from "../../errors.ts";
import { type DescentState, type Method, descent } from "../../methods/index.ts";
import { type Optimizer, adam } from "../../optimizers/index.ts";
import type { Policy } from "../environments/environment.ts";
import { type RunningFilter, filterOf } from "../environments/observationFilter.ts";
import { type ZoacEstimatorOptions, estimatorNames, zoacEstimator } from "./zoacEstimator.ts";
import { programRecipe } from "./zoacRecipe.ts";
import { type ZoacState, estimatedReturnNote } from "./zoacUpdate.ts";

export interface ZoacOptions<Theta> extends ZoacEstimatorOptions<Theta> {
  /** Moves theta. Default `adam({ learningRate: 5e-2 })`, for parameters whose range is about [-1, 1]. */
  actor?: Optimizer;
}

/**
 * Improves a policy that need not be differentiable in a traced environment, from rewards per step. Equations:
 * `zoacEstimator`. Defaults are those of the authors' controller tuning, with targets and advantages computed anew in
 * each epoch. With a `box` theta is brought into it after each step, besides the parameters that are played: where these
 * are clipped and theta is not, it walks out to where perturbations change nothing, and no gradient brings it back.
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
  const { box } = options;
  const within = (x: Tensor): Tensor => np.minimum(np.maximum(x, box![0]), box![1]) as Tensor;
  return {
    ...method,
    name: "zoac",
    lossNote: estimatedReturnNote,
    step(theta, state, key) {
      const made = method.step(theta, state, key);
      const moved = box ? tree.map(within, made.theta) : made.theta;
      return { ...made, theta: withFilter(options.policy, moved, made.state) };
    },
    recipe: (theta, state) => ({
      ...method.recipe(theta, state),
      zoac: { ...estimator.recipe, ...programRecipe(estimator.parts, theta) },
    }),
  };
}

/** Theta with the filter that has seen what was played. */
function withFilter<Theta>({ filter: of }: Policy<Theta>, theta: Theta, { estimator }: DescentState): Theta {
  if (of === undefined || !hasFilter(estimator)) return theta;
  const dtype = of.get(theta).mean.dtype === "float64" ? "float64" : "float32";
  return of.set(theta, filterOf(estimator.filter, { dtype }));
}

function hasFilter(state: unknown): state is ZoacState & { filter: RunningFilter } {
  return typeof state === "object" && state !== null && "filter" in state && state.filter !== null;
}

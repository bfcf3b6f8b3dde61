/**
 * Reptile (Nichol, Achiam & Schulman, arXiv 1803.02999, 2018): a start from which tasks are learned in few steps. It is
 * `lookahead` whose gradients come from one task for k steps, then from the next; the slow weights are the start.
 *
 *     for each task:  θ ← φ, inner as new;   k times: θ ← inner.update(g(θ), θ);   φ ← φ + alpha · (θ - φ)
 */
import type { Tree } from "../../array/index.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type LookaheadState, lookahead } from "./lookahead.ts";
import { requireOptimizer } from "./wrapping.ts";

export interface ReptileOptions {
  /** Steps on each task, after which the next one's gradients must come. Default 8. */
  k?: number;
  /** Part of the way to the task's weights, in (0, 1]; the paper lets it fall to 0. Default 1. */
  alpha?: Hyperparameter;
}

export const reptileDefaults: Required<ReptileOptions> = { k: 8, alpha: 1 };

/**
 * Lookahead with an inner optimizer that is new for each task. Evaluate `evaluationTheta`, the start. Cost: that of
 * `lookahead`.
 *
 * @example
 * const optimizer = reptile(adam({ learningRate: 0.001, beta1: 0 }), { alpha: linearSchedule({ from: 1, to: 0, steps: 8000 }) });
 */
export function reptile<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: ReptileOptions = {},
): Optimizer<LookaheadState<Inner>> {
  requireOptimizer("reptile", inner);
  const rule = withDefaults("reptile", options, reptileDefaults);
  return { ...lookahead(inner, { ...rule, innerState: "reset" }), name: `reptile(${inner.name})` };
}

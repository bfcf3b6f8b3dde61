/**
 * A line search around any rule for gradients (Nocedal & Wright 2006, Algorithms 3.5 and 3.6): the rule gives the
 * direction, and the length of the step is one that meets the strong Wolfe conditions on this batch. The search:
 * `strongWolfe.ts`.
 *
 *     d = inner.update(∇L(theta), theta) - theta;   theta ← theta + t · d
 *     L(theta + t d) ≤ L(theta) + decrease · t · (d · ∇L(theta));   |d · ∇L(theta + t d)| ≤ curvature · |d · ∇L(theta)|
 */
import { type Tree, tree, valueAndGrad } from "../../array/index.ts";
import { OptionError, requireInteger, requirePositive } from "../../errors.ts";
import { addScaled, floatLeaves, withFloatLeaves } from "../floatVector.ts";
import { withDefaults } from "../hyperparameter.ts";
import { advance, counter, dot } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";
import { type WrappedState, evaluationOf, requireOptimizer } from "../wrappers/wrapping.ts";
import type { ObjectiveOptimizer } from "./objective.ts";
import { strongWolfe } from "./strongWolfe.ts";

export interface ZoomLineSearchOptions {
  /** First length that is tried, in units of the rule's own step. Default 1. */
  first?: number;
  /** Points that are tried; all are computed. Default 12. */
  trials?: number;
  /** Part of the decrease that the slope promises which a step must bring. Default 0.0001. */
  decrease?: number;
  /** Part of the slope that may be left, above `decrease`; 0.1 for conjugate directions. Default 0.9. */
  curvature?: number;
}

export const zoomLineSearchDefaults: Required<ZoomLineSearchOptions> = {
  first: 1,
  trials: 12,
  decrease: 1e-4,
  curvature: 0.9,
};

/**
 * Steps as long as they should be on this batch, which must be all data or a large part of it. Where the rule's direction is
 * none of descent, or no trial brings the decrease, theta stays; the metric `stepLength` says so. Derivatives take the
 * length for a constant. Cost: one gradient, `trials` slopes (about two losses each), and the inner optimizer's own.
 *
 * @example
 * const step = compiledStep(zoomLineSearch(sgd({ learningRate: 1 })), objectiveOf);
 */
export function zoomLineSearch<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: ZoomLineSearchOptions = {},
): ObjectiveOptimizer<WrappedState<Inner>> {
  requireOptimizer("zoomLineSearch", inner);
  const rule = withDefaults("zoomLineSearch", options, zoomLineSearchDefaults);
  requirePositive("zoomLineSearch", "first", rule.first);
  requireWolfe("zoomLineSearch", rule);
  return {
    name: `zoomLineSearch(${inner.name})`,
    ...evaluationOf<WrappedState<Inner>, Inner>(inner),
    init: (theta) => ({ step: counter(), inner: inner.init(theta) }),
    step(theta, state, objective) {
      const [loss, gradient] = valueAndGrad((at: typeof theta) => objective.loss(at))(theta);
      const moved = inner.update(gradient, state.inner, theta, { loss });
      const leaves = floatLeaves(theta);
      const direction = floatLeaves(moved.theta).map((x, i) => x.sub(leaves[i]!));
      const lossAt = (at: typeof leaves) => objective.loss(withFloatLeaves(theta, at));
      const slope = dot(floatLeaves(gradient), direction);
      const { length } = strongWolfe(
        lossAt,
        { leaves, loss, direction, slope },
        tree.scalar(rule.first, tree.floatType(theta)),
        rule,
      );
      return {
        // Not 0 times a direction that may be infinite.
        theta: tree.select(
          length.lessEqual(0),
          theta,
          withFloatLeaves(theta, addScaled(leaves, length, direction)),
        ),
        state: { step: advance(state.step), inner: moved.state },
        loss,
        metrics: { stepLength: length },
      };
    },
  };
}

/** Throws `OptionError` unless 0 < decrease < curvature < 1, and there are trials. */
export function requireWolfe(
  where: string,
  { trials, decrease, curvature }: Pick<Required<ZoomLineSearchOptions>, "trials" | "decrease" | "curvature">,
): void {
  requireInteger(where, "trials", trials, 1);
  if (!(typeof curvature === "number" && curvature > 0 && curvature < 1))
    throw new OptionError(where, "curvature", curvature, "a number above 0 and below 1");
  if (!(typeof decrease === "number" && decrease > 0 && decrease < curvature))
    throw new OptionError(where, "decrease", decrease, `a number above 0 and below curvature, ${curvature}`);
}

/**
 * Optimistic gradient descent (Popov 1980; Daskalakis, Ilyas, Syrgkanis & Zeng, ICLR 2018): the next gradient is expected
 * to differ from this one as this one does from the last, which lets games converge that gradient descent spirals out of.
 *
 *     theta ← theta - learningRate · (g + optimism · (g - g'));   g' ← g,   g' = g at first
 */
import { type Tensor, type Tree, np } from "../../array/index.ts";
import { atLeast0, atStep, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, descend, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";

export interface OptimisticSgdOptions {
  /** Default 0.01. */
  learningRate?: Hyperparameter;
  /** Part of the last change that is expected again. Default 1. */
  optimism?: Hyperparameter;
}

export type OptimisticSgdState = {
  step: Tensor;
  /** g'; 0 before the first. */
  previous: Tree;
};

export const optimisticSgdDefaults: Required<OptimisticSgdOptions> = { learningRate: 0.01, optimism: 1 };

/** Gradient descent for games. Cost: two passes, one copy of theta. */
export function optimisticSgd(options: OptimisticSgdOptions = {}): Optimizer<OptimisticSgdState> {
  const rule = withDefaults("optimisticSgd", options, optimisticSgdDefaults);
  requireHyperparameter("optimisticSgd", "learningRate", rule.learningRate, positive);
  requireHyperparameter("optimisticSgd", "optimism", rule.optimism, atLeast0);
  return {
    name: "optimisticSgd",
    init: (theta) => ({ step: counter(), previous: zeros(theta) }),
    update(gradient, state, theta) {
      requireGradient("optimisticSgd", theta, gradient, state);
      const optimism = atStep(rule.optimism, state.step);
      const isFirst = state.step.equal(counter());
      const direction = mapFloats(
        (g, last) => g.add(g.sub(np.where(isFirst, g, last!)).mul(optimism(g))),
        gradient,
        state.previous,
      );
      return {
        theta: descend(theta, direction, atStep(rule.learningRate, state.step)),
        state: { step: advance(state.step), previous: mapFloats((_p, g) => g!, state.previous, gradient) },
      };
    },
  };
}

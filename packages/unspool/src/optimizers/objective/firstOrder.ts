/** A rule for gradients as an optimizer of objectives: the gradient is taken by backpropagation. */
import { type Tree, valueAndGrad } from "../../array/index.ts";
import type { ObjectiveOptimizer } from "./objective.ts";
import type { Optimizer } from "../optimizer.ts";
import { requireOptimizer } from "../wrappers/wrapping.ts";

/**
 * Runs any `Optimizer` where an `ObjectiveOptimizer` is asked for. Cost: one gradient, and the rule's own.
 *
 * @example
 * const step = compiledStep(firstOrder(adam()), objectiveOf);
 */
export function firstOrder<State extends Tree>(optimizer: Optimizer<State>): ObjectiveOptimizer<State> {
  requireOptimizer("firstOrder", optimizer);
  const { evaluationTheta } = optimizer;
  return {
    name: optimizer.name,
    init: (theta) => optimizer.init(theta),
    step(theta, state, objective) {
      const [loss, gradient] = valueAndGrad((at: typeof theta) => objective.loss(at))(theta);
      const next = optimizer.update(gradient, state, theta, { loss });
      return { ...next, loss, metrics: optimizer.metrics?.(next.state) ?? {} };
    },
    ...(evaluationTheta !== undefined && { evaluationTheta }),
  };
}

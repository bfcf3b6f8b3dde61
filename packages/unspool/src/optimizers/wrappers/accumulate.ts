/**
 * Gradient accumulation, a common practice: the mean of `every` gradients makes one update of the inner optimizer.
 *
 *     sum ← sum + g;   every `every` calls: theta, inner ← inner.update(sum / every), sum ← 0
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { advance, counter, isAt, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface AccumulateOptions {
  /** Gradients per update. Default 4. */
  every?: number;
}

export type AccumulateState<Inner extends Tree = Tree> = WrappedState<Inner> & {
  /** Gradients in `sum`: int32 scalar. */
  count: Tensor;
  sum: Tree;
};

export const accumulateDefaults: Required<AccumulateOptions> = { every: 4 };

/**
 * Large batches in small pieces. Schedules of the inner optimizer count its own updates. Cost: the inner update is
 * computed at every call (there is no branch in a compiled step); one copy of theta.
 */
export function accumulate<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: AccumulateOptions = {},
): Optimizer<AccumulateState<Inner>> {
  requireOptimizer("accumulate", inner);
  const { every } = withDefaults("accumulate", options, accumulateDefaults);
  requireInteger("accumulate", "every", every, 1);
  return {
    name: `accumulate(${inner.name})`,
    ...passOn<AccumulateState<Inner>, Inner>(inner),
    init: (theta) => ({ step: counter(), inner: inner.init(theta), count: counter(), sum: zeros(theta) }),
    update(gradient, state, theta, observed) {
      requireGradient("accumulate", theta, gradient);
      const count = advance(state.count);
      const isFull = isAt(count, every);
      const sum = mapFloats((g, s) => s.add(g), gradient, state.sum);
      const mean = mapFloats((s) => s.div(every), sum);
      const moved = inner.update(mean, state.inner, theta, observed);
      return {
        theta: tree.select(isFull, moved.theta, theta),
        state: {
          step: advance(state.step),
          inner: tree.select(isFull, moved.state, state.inner),
          count: np.where(isFull, counter(), count),
          sum: tree.select(isFull, zeros(theta), sum) as Tree,
        },
      };
    },
  };
}

/**
 * Averaging of iterates (Polyak & Juditsky 1992): the mean of the parameters after `start`, taken every `every`
 * updates. With `every` = updates per epoch it is stochastic weight averaging (Izmailov et al. 2018).
 *
 *     n ← n + 1;   average ← average + (theta - average) / n
 */
import { type Tensor, type Tree, np, tree } from "../array/index.ts";
import { requireInteger } from "../errors.ts";
import { withDefaults } from "./hyperparameter.ts";
import { advance, counter, mapFloats, select } from "./leaves.ts";
import type { Optimizer } from "./optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface PolyakAverageOptions {
  /** Updates before the first that counts. Default 0. */
  start?: number;
  /** Take the parameters of every such update after `start`. Default 1. */
  every?: number;
}

export type PolyakAverageState<Inner extends Tree = Tree> = WrappedState<Inner> & {
  /** Thetas in the average: int32 scalar. */
  count: Tensor;
  average: Tree;
};

export const polyakAverageDefaults: Required<PolyakAverageOptions> = { start: 0, every: 1 };

/**
 * Evaluates the mean of the parameters that the inner optimizer would have evaluated; training is left alone.
 * Cost: one pass, one copy of theta.
 */
export function polyakAverage<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: PolyakAverageOptions = {},
): Optimizer<PolyakAverageState<Inner>> {
  requireOptimizer("polyakAverage", inner);
  const { start, every } = withDefaults("polyakAverage", options, polyakAverageDefaults);
  requireInteger("polyakAverage", "start", start, 0);
  requireInteger("polyakAverage", "every", every, 1);
  return {
    name: `polyakAverage(${inner.name})`,
    ...passOn<PolyakAverageState<Inner>, Inner>(inner),
    init: (theta) => ({
      step: counter(),
      inner: inner.init(theta),
      count: counter(),
      average: theta as Tree,
    }),
    update(gradient, state, theta) {
      const moved = inner.update(gradient, state.inner, theta);
      const seen = inner.evaluationTheta?.(moved.state, moved.theta) ?? moved.theta;
      const step = advance(state.step);
      const first = tree.scalar(start + every, "int32");
      const phase = step.sub(first).mod(tree.scalar(every, "int32"));
      const isTaken = np.logicalAnd(step.greaterEqual(first), phase.equal(counter()));
      const count = np.where(isTaken, advance(state.count), state.count);
      const mean = mapFloats(
        (average, x) => average.add(x.sub(average).div(advance(state.count).astype(x.dtype))),
        state.average,
        seen,
      );
      const average = select(isTaken, mean, state.average);
      return { theta: moved.theta, state: { step, inner: moved.state, count, average } };
    },
    evaluationTheta: <Theta>(state: PolyakAverageState<Inner>, theta: Theta) =>
      select(
        state.count.equal(counter()),
        inner.evaluationTheta?.(state.inner, theta) ?? theta,
        state.average,
      ),
  };
}

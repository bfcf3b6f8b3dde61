/**
 * Exponential moving average of the parameters, without bias towards the start (Kingma & Ba, ICLR 2015, section 7.2).
 *
 *     a ← decay · a + (1 - decay) · theta,   w ← decay · w + (1 - decay);   evaluated: a / w
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import {
  asType,
  atStep,
  belowOne,
  oneMinus,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { advance, counter, mapFloats, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type WrappedState, passOn, requireOptimizer } from "./wrapping.ts";

export interface EmaAverageOptions {
  /** Part of the average that is kept. Default 0.999. */
  decay?: Hyperparameter;
}

export type EmaAverageState<Inner extends Tree = Tree> = WrappedState<Inner> & {
  /** Decayed sum of thetas. */
  average: Tree;
  /** Sum of the weights in `average`: float scalar. */
  weight: Tensor;
};

export const emaAverageDefaults: Required<EmaAverageOptions> = { decay: 0.999 };

/**
 * Evaluates a running mean of the parameters that the inner optimizer would have evaluated; training is left alone.
 * Cost: one pass, one copy of theta.
 */
export function emaAverage<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: EmaAverageOptions = {},
): Optimizer<EmaAverageState<Inner>> {
  requireOptimizer("emaAverage", inner);
  const { decay } = withDefaults("emaAverage", options, emaAverageDefaults);
  requireHyperparameter("emaAverage", "decay", decay, belowOne);
  return {
    name: `emaAverage(${inner.name})`,
    ...passOn<EmaAverageState<Inner>, Inner>(inner),
    init: (theta) => ({
      step: counter(),
      inner: inner.init(theta),
      average: zeros(theta),
      weight: tree.scalar(0, tree.floatType(theta)),
    }),
    update(gradient, state, theta, observed) {
      const moved = inner.update(gradient, state.inner, theta, observed);
      const seen = inner.evaluationTheta?.(moved.state, moved.theta) ?? moved.theta;
      const kept = atStep(decay, state.step);
      const follow = (a: Tensor, x: Tensor): Tensor => a.mul(kept(a)).add(x.mul(oneMinus(kept(a))));
      const average = mapFloats(follow, state.average, seen);
      const weight = follow(state.weight, np.onesLike(state.weight));
      return {
        theta: moved.theta,
        state: { step: advance(state.step), inner: moved.state, average, weight },
      };
    },
    evaluationTheta<Theta>(state: EmaAverageState<Inner>, theta: Theta) {
      const isEmpty = state.weight.equal(0);
      const weight = np.where(isEmpty, np.onesLike(state.weight), state.weight);
      const now = inner.evaluationTheta?.(state.inner, theta) ?? theta;
      const mean = mapFloats((x, a) => a.div(asType(weight, x.dtype)), now, state.average);
      return tree.select(isEmpty, now, mean);
    },
  };
}

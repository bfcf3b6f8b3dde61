/**
 * Lion: evolved sign momentum (Chen et al., NeurIPS 2023), found by a search over programs. The momentum that is
 * kept decays more slowly than the one that is used.
 *
 *     u = sign(beta1 · m + (1 - beta1) · g)
 *     m ← beta2 · m + (1 - beta2) · g
 *     theta ← theta - learningRate · (u + weightDecay · theta)
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { atLeast0, atStep, belowOne, oneMinus, positive, requireHyperparameter } from "../hyperparameter.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type LeafChoice, leafPredicate, requireLeaves } from "../wrappers/leafChoice.ts";
import { advance, counter, isFloatLeaf, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";

export interface LionOptions {
  /** Length of a step in every coordinate. Default 0.0001. */
  learningRate?: Hyperparameter;
  /** Part of the momentum in the step. Default 0.9. */
  beta1?: Hyperparameter;
  /** Part of the momentum that is kept. Default 0.99. */
  beta2?: Hyperparameter;
  /** Part of theta that is added to the direction. Default 0. */
  weightDecay?: Hyperparameter;
  /** Leaves that decay: a predicate, or paths. Default: all. */
  decayed?: LeafChoice;
}

export type LionState = {
  step: Tensor;
  /** Running mean of gradients, from 0. */
  firstMoment: Tree;
};

export const lionDefaults: Required<LionOptions> = {
  learningRate: 0.0001,
  beta1: 0.9,
  beta2: 0.99,
  weightDecay: 0,
  decayed: () => true,
};

/** Steps of one length, with less memory than Adam. Cost: two passes, one copy of theta. */
export function lion(options: LionOptions = {}): Optimizer<LionState> {
  const rule = withDefaults("lion", options, lionDefaults);
  requireHyperparameter("lion", "learningRate", rule.learningRate, positive);
  requireHyperparameter("lion", "beta1", rule.beta1, belowOne);
  requireHyperparameter("lion", "beta2", rule.beta2, belowOne);
  requireHyperparameter("lion", "weightDecay", rule.weightDecay, atLeast0);
  const isDecayed = leafPredicate("lion", "decayed", rule.decayed);
  return {
    name: "lion",
    momentum: "firstMoment",
    init(theta) {
      requireLeaves("lion", "decayed", rule.decayed, theta);
      return { step: counter(), firstMoment: zeros(theta) };
    },
    update(gradient, state, theta) {
      requireGradient("lion", theta, gradient, state);
      const [rate, beta1, beta2, decay] = [rule.learningRate, rule.beta1, rule.beta2, rule.weightDecay].map(
        (h) => atStep(h, state.step),
      );
      const follow = (m: Tensor, g: Tensor, kept: number | Tensor): Tensor =>
        m.mul(kept).add(g.mul(oneMinus(kept)));
      const moved = tree.mapWithPath(
        (path, x, g, m) => {
          if (!isFloatLeaf(x)) return x;
          const sign = np.sign(follow(m, g, beta1!(x)));
          const isWithout = rule.weightDecay === 0 || !isDecayed(path, x);
          const direction = isWithout ? sign : sign.add(x.mul(decay!(x)));
          return x.sub(direction.mul(rate!(x)));
        },
        theta,
        gradient,
        state.firstMoment,
      );
      const firstMoment = mapFloats((m, g) => follow(m, g, beta2!(m)), state.firstMoment, gradient);
      return { theta: moved, state: { step: advance(state.step), firstMoment } };
    },
  };
}

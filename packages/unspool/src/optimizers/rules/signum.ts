/**
 * Signum: signSGD with momentum (Bernstein, Wang, Azizzadenesheli & Anandkumar, ICML 2018).
 *
 *     m ← momentum · m + (1 - momentum) · g
 *     theta ← theta - learningRate · sign(m)
 */
import { type Tensor, type Tree, np } from "../../array/index.ts";
import {
  atStep,
  belowOne,
  oneMinus,
  positive,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { advance, counter, descend, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";

export interface SignumOptions {
  /** Length of a step in every coordinate. Default 0.001. */
  learningRate?: Hyperparameter;
  /** Part of the running mean that is kept. Default 0.9. */
  momentum?: Hyperparameter;
}

export type SignumState = {
  step: Tensor;
  /** Running mean of gradients, from 0. */
  firstMoment: Tree;
};

export const signumDefaults: Required<SignumOptions> = { learningRate: 0.001, momentum: 0.9 };

/** Steps of one length against the mean gradient. Cost: two passes, one copy of theta. */
export function signum(options: SignumOptions = {}): Optimizer<SignumState> {
  const { learningRate, momentum } = withDefaults("signum", options, signumDefaults);
  requireHyperparameter("signum", "learningRate", learningRate, positive);
  requireHyperparameter("signum", "momentum", momentum, belowOne);
  return {
    name: "signum",
    momentum: "firstMoment",
    init: (theta) => ({ step: counter(), firstMoment: zeros(theta) }),
    update(gradient, state, theta) {
      requireGradient("signum", theta, gradient, state);
      const kept = atStep(momentum, state.step);
      const firstMoment = mapFloats(
        (m, g) => m.mul(kept(m)).add(g.mul(oneMinus(kept(m)))),
        state.firstMoment,
        gradient,
      );
      const signs = mapFloats((m) => np.sign(m), firstMoment);
      return {
        theta: descend(theta, signs, atStep(learningRate, state.step)),
        state: { step: advance(state.step), firstMoment },
      };
    },
  };
}

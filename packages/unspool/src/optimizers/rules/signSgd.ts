/**
 * signSGD (Bernstein, Wang, Azizzadenesheli & Anandkumar, ICML 2018): steps of one length in every coordinate.
 *
 *     theta ← theta - learningRate · sign(g)
 */
import { type Tensor, np } from "../../array/index.ts";
import { atStep, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, descend, mapFloats, requireGradient } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";

export interface SignSgdOptions {
  /** Length of a step in every coordinate. Default 0.001. */
  learningRate?: Hyperparameter;
}

export type SignSgdState = { step: Tensor };

export const signSgdDefaults: Required<SignSgdOptions> = { learningRate: 0.001 };

/** Gradient descent that sees signs only; a gradient of 0 moves nothing. Cost: one pass over theta, no memory. */
export function signSgd(options: SignSgdOptions = {}): Optimizer<SignSgdState> {
  const { learningRate } = withDefaults("signSgd", options, signSgdDefaults);
  requireHyperparameter("signSgd", "learningRate", learningRate, positive);
  return {
    name: "signSgd",
    init: () => ({ step: counter() }),
    update(gradient, state, theta) {
      requireGradient("signSgd", theta, gradient, state);
      const signs = mapFloats((g) => np.sign(g), gradient);
      return {
        theta: descend(theta, signs, atStep(learningRate, state.step)),
        state: { step: advance(state.step) },
      };
    },
  };
}

/**
 * Stochastic gradient descent (Robbins & Monro 1951).
 *
 *     theta ← theta - learningRate · g
 */
import type { Tensor } from "../../array/index.ts";
import { atStep, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, mapFloats, requireGradient } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";

export interface SgdOptions {
  /** Default 0.01. */
  learningRate?: Hyperparameter;
}

export type SgdState = { step: Tensor };

export const sgdDefaults: Required<SgdOptions> = { learningRate: 0.01 };

/**
 * Plain gradient descent. Cost: one pass over theta, no memory.
 *
 * @example
 * const optimizer = sgd({ learningRate: cosineDecay({ from: 0.1, steps: 1000 }) });
 */
export function sgd(options: SgdOptions = {}): Optimizer<SgdState> {
  const { learningRate } = withDefaults("sgd", options, sgdDefaults);
  requireHyperparameter("sgd", "learningRate", learningRate, positive);
  return {
    name: "sgd",
    init: () => ({ step: counter() }),
    update(gradient, state, theta) {
      requireGradient("sgd", theta, gradient, state);
      const rate = atStep(learningRate, state.step);
      return {
        theta: mapFloats((x, g) => x.sub(g.mul(rate(x))), theta, gradient),
        state: { step: advance(state.step) },
      };
    },
  };
}

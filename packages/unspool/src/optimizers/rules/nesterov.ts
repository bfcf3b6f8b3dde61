/**
 * Nesterov's accelerated gradient in the form of Sutskever et al. (2013), rewritten for the look-ahead point as
 * PyTorch and optax do: theta is the point at which the gradient is taken.
 *
 *     v ← momentum · v + g
 *     theta ← theta - learningRate · (g + momentum · v)
 */
import { atStep, belowOne, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, mapFloats, requireGradient, zeros } from "../leaves.ts";
import { type MomentumOptions, type MomentumState, momentumDefaults } from "./momentum.ts";
import type { Optimizer } from "../optimizer.ts";

export type NesterovOptions = MomentumOptions;
export type NesterovState = MomentumState;
export const nesterovDefaults: Required<NesterovOptions> = momentumDefaults;

/** Gradient descent with Nesterov momentum. Cost: two passes, one copy of theta. */
export function nesterov(options: NesterovOptions = {}): Optimizer<NesterovState> {
  const { learningRate, momentum: kept } = withDefaults("nesterov", options, nesterovDefaults);
  requireHyperparameter("nesterov", "learningRate", learningRate, positive);
  requireHyperparameter("nesterov", "momentum", kept, belowOne);
  return {
    name: "nesterov",
    momentum: "velocity",
    init: (theta) => ({ step: counter(), velocity: zeros(theta) }),
    update(gradient, state, theta) {
      requireGradient("nesterov", theta, gradient, state);
      const rate = atStep(learningRate, state.step);
      const beta = atStep(kept, state.step);
      const velocity = mapFloats((v, g) => v.mul(beta(v)).add(g), state.velocity, gradient);
      return {
        theta: mapFloats((x, g, v) => x.sub(g.add(v.mul(beta(x))).mul(rate(x))), theta, gradient, velocity),
        state: { step: advance(state.step), velocity },
      };
    },
  };
}

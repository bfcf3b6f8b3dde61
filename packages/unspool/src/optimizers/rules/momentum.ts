/**
 * Heavy ball (Polyak 1964), with the velocity in units of gradients as PyTorch and optax keep it.
 *
 *     v ← momentum · v + g
 *     theta ← theta - learningRate · v
 */
import type { Tensor, Tree } from "../../array/index.ts";
import { atStep, belowOne, positive, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";

export interface MomentumOptions {
  /** Default 0.01. */
  learningRate?: Hyperparameter;
  /** Part of the velocity that is kept. Default 0.9. */
  momentum?: Hyperparameter;
}

export type MomentumState = {
  step: Tensor;
  /** Decayed sum of gradients. */
  velocity: Tree;
};

export const momentumDefaults: Required<MomentumOptions> = { learningRate: 0.01, momentum: 0.9 };

/** Gradient descent with heavy-ball momentum. Cost: two passes, one copy of theta. */
export function momentum(options: MomentumOptions = {}): Optimizer<MomentumState> {
  const { learningRate, momentum: kept } = withDefaults("momentum", options, momentumDefaults);
  requireHyperparameter("momentum", "learningRate", learningRate, positive);
  requireHyperparameter("momentum", "momentum", kept, belowOne);
  return {
    name: "momentum",
    momentum: "velocity",
    init: (theta) => ({ step: counter(), velocity: zeros(theta) }),
    update(gradient, state, theta) {
      requireGradient("momentum", theta, gradient, state);
      const rate = atStep(learningRate, state.step);
      const beta = atStep(kept, state.step);
      const velocity = mapFloats((v, g) => v.mul(beta(v)).add(g), state.velocity, gradient);
      return {
        theta: mapFloats((x, v) => x.sub(v.mul(rate(x))), theta, velocity),
        state: { step: advance(state.step), velocity },
      };
    },
  };
}

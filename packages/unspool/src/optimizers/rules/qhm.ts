/**
 * QHM: quasi-hyperbolic momentum (Ma & Yarats, ICLR 2019): a step between that of gradient descent (nu = 0) and that of
 * momentum (nu = 1); nu = momentum is Nesterov's.
 *
 *     v ← momentum · v + (1 - momentum) · g,   from 0
 *     theta ← theta - learningRate · ((1 - nu) · g + nu · v)
 */
import type { Tensor, Tree } from "../../array/index.ts";
import { type Range, atStep, belowOne, oneMinus, positive } from "../hyperparameter.ts";
import { requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, descend, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";

export interface QhmOptions {
  /** Of the mean gradient, so about 1 / (1 - momentum) times that of `momentum`. Default 1, as the paper recommends. */
  learningRate?: Hyperparameter;
  /** Part of the mean that is kept. Default 0.999. */
  momentum?: Hyperparameter;
  /** Part of the step that is the mean's, from 0 to 1. Default 0.7. */
  nu?: Hyperparameter;
}

export type QhmState = {
  step: Tensor;
  /** v. */
  velocity: Tree;
};

export const qhmDefaults: Required<QhmOptions> = { learningRate: 1, momentum: 0.999, nu: 0.7 };

export const upToOne: Range = { text: "of at least 0 and at most 1", has: (x) => x >= 0 && x <= 1 };

/** Momentum with an immediate part. Cost: two passes, one copy of theta. */
export function qhm(options: QhmOptions = {}): Optimizer<QhmState> {
  const rule = withDefaults("qhm", options, qhmDefaults);
  requireHyperparameter("qhm", "learningRate", rule.learningRate, positive);
  requireHyperparameter("qhm", "momentum", rule.momentum, belowOne);
  requireHyperparameter("qhm", "nu", rule.nu, upToOne);
  return {
    name: "qhm",
    momentum: "velocity",
    init: (theta) => ({ step: counter(), velocity: zeros(theta) }),
    update(gradient, state, theta) {
      requireGradient("qhm", theta, gradient, state);
      const [kept, nu] = [atStep(rule.momentum, state.step), atStep(rule.nu, state.step)];
      const velocity = mapFloats(
        (v, g) => v.mul(kept(v)).add(g!.mul(oneMinus(kept(v)))),
        state.velocity,
        gradient,
      );
      const direction = mapFloats((g, v) => g.mul(oneMinus(nu(g))).add(v!.mul(nu(g))), gradient, velocity);
      return {
        theta: descend(theta, direction, atStep(rule.learningRate, state.step)),
        state: { step: advance(state.step), velocity },
      };
    },
  };
}

/**
 * SGDP (Heo, Chun, Oh, Han, Yun, Kim, Uh & Ha, ICLR 2021): momentum whose steps do not lengthen weights whose length means
 * nothing, since a normalisation follows. The projection: `withoutRadial.ts`.
 *
 *     v ← momentum · v + (1 - dampening) · g;   u = v   (isNesterov: g + momentum · v)
 *     per unit, then per leaf:  if max |cos(w, g)| < threshold / √(elements of w):  u ← u - (ŵ · u) ŵ,   ŵ = w / ‖w‖
 *     theta ← theta - learningRate · (u + weightDecay / (1 - momentum) · theta),   with decayRatio · weightDecay where
 *     u was changed
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { atStep, belowOne, oneMinus, positive, requireBoolean } from "../hyperparameter.ts";
import { requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type RadialOptions, descendWithoutRadial, radialDefaults, requireRadial } from "./withoutRadial.ts";

export interface SgdpOptions extends RadialOptions {
  /** Default 0.01. */
  learningRate?: Hyperparameter;
  /** Part of the velocity that is kept. Default 0.9. */
  momentum?: Hyperparameter;
  /** Part of the gradient that does not enter the velocity. Default 0. */
  dampening?: Hyperparameter;
  /** Looks ahead by one step of momentum. Default false. */
  isNesterov?: boolean;
  /** Added to lengths that are divided by. Default 1e-8. */
  eps?: Hyperparameter;
}

export type SgdpState = {
  step: Tensor;
  /** v. */
  velocity: Tree;
};

export const sgdpDefaults: Required<SgdpOptions> = {
  learningRate: 0.01,
  momentum: 0.9,
  dampening: 0,
  isNesterov: false,
  eps: 1e-8,
  ...radialDefaults,
};

/** Momentum for networks with normalisation layers. Cost: five passes, one copy of theta. */
export function sgdp(options: SgdpOptions = {}): Optimizer<SgdpState> {
  const rule = withDefaults("sgdp", options, sgdpDefaults);
  requireHyperparameter("sgdp", "learningRate", rule.learningRate, positive);
  requireHyperparameter("sgdp", "momentum", rule.momentum, belowOne);
  requireHyperparameter("sgdp", "dampening", rule.dampening, belowOne);
  requireHyperparameter("sgdp", "eps", rule.eps, positive);
  requireRadial("sgdp", rule);
  requireBoolean("sgdp", "isNesterov", rule.isNesterov);
  return {
    name: "sgdp",
    momentum: "velocity",
    init: (theta) => ({ step: counter(), velocity: zeros(theta) }),
    update(gradient, state, theta) {
      requireGradient("sgdp", theta, gradient, state);
      const kept = atStep(rule.momentum, state.step);
      const dampening = atStep(rule.dampening, state.step);
      const velocity = mapFloats(
        (v, g) => v.mul(kept(v)).add(g!.mul(oneMinus(dampening(v)))),
        state.velocity,
        gradient,
      );
      const direction = rule.isNesterov
        ? mapFloats((g, v) => g.add(v!.mul(kept(g))), gradient, velocity)
        : velocity;
      const values = {
        decay: atStep(rule.weightDecay, state.step),
        decayRatio: atStep(rule.decayRatio, state.step),
        threshold: atStep(rule.threshold, state.step),
        eps: atStep(rule.eps, state.step),
        unitAxis: rule.unitAxis,
      };
      const longer = (leaf: Tensor): Tensor =>
        np.reciprocal(tree.scalar(1, tree.floatType(leaf)).mul(oneMinus(kept(leaf))));
      const rate = atStep(rule.learningRate, state.step);
      return {
        theta: descendWithoutRadial(theta, gradient, direction, rate, values, longer),
        state: { step: advance(state.step), velocity },
      };
    },
  };
}

/**
 * RMSProp (Tieleman & Hinton 2012; centered: Graves 2013), PyTorch's convention: eps outside the root, momentum on
 * the normalised gradient.
 *
 *     s ← decay · s + (1 - decay) · g²,   centered: m ← decay · m + (1 - decay) · g
 *     d = g / (√(s - m²) + eps);   v ← momentum · v + d;   theta ← theta - learningRate · v
 */
import type { Tensor, Tree } from "../../array/index.ts";
import {
  atStep,
  belowOne,
  oneMinus,
  positive,
  requireBoolean,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { advance, counter, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface RmspropOptions {
  /** Default 0.001. */
  learningRate?: Hyperparameter;
  /** Part of the running means that is kept. Default 0.9. */
  decay?: Hyperparameter;
  /** Added to the root. Default 1e-8. */
  eps?: Hyperparameter;
  /** Heavy ball on the normalised gradient. Default 0: none, and no memory for it. */
  momentum?: Hyperparameter;
  /** Divide by the standard deviation instead of the root mean square. Default false. */
  centered?: boolean;
}

export type RmspropState = {
  step: Tensor;
  /** Running mean of squared gradients, from 0. */
  secondMoment: Tree;
  /** Running mean of gradients, from 0. If centered. */
  mean?: Tree;
  /** If there is momentum. */
  velocity?: Tree;
};

export const rmspropDefaults: Required<RmspropOptions> = {
  learningRate: 0.001,
  decay: 0.9,
  eps: 1e-8,
  momentum: 0,
  centered: false,
};

/** Gradient descent on gradients divided by their recent size. Cost: two passes, one to three copies of theta. */
export function rmsprop(options: RmspropOptions = {}): Optimizer<RmspropState & Skipping> {
  const rule = withDefaults("rmsprop", options, rmspropDefaults);
  const { learningRate, decay, eps, momentum, centered } = rule;
  requireHyperparameter("rmsprop", "learningRate", learningRate, positive);
  requireHyperparameter("rmsprop", "decay", decay, belowOne);
  requireHyperparameter("rmsprop", "eps", eps, positive);
  requireHyperparameter("rmsprop", "momentum", momentum, belowOne);
  requireBoolean("rmsprop", "centered", centered);
  const hasMomentum = momentum !== 0;
  return skipOverflow<RmspropState>(
    {
      name: "rmsprop",
      ...(hasMomentum && { momentum: "velocity" }),
      init: (theta) => ({
        step: counter(),
        secondMoment: zeros(theta),
        ...(centered && { mean: zeros(theta) }),
        ...(hasMomentum && { velocity: zeros(theta) }),
      }),
      update(gradient, state, theta) {
        requireGradient("rmsprop", theta, gradient, state);
        const [rate, kept, floor, beta] = [learningRate, decay, eps, momentum].map((h) =>
          atStep(h, state.step),
        );
        const follow = (average: Tensor, x: Tensor): Tensor =>
          average.mul(kept!(x)).add(x.mul(oneMinus(kept!(x))));
        const secondMoment = mapFloats((s, g) => follow(s, g.mul(g)), state.secondMoment, gradient);
        const mean = centered ? mapFloats(follow, state.mean!, gradient) : undefined;
        const spread = mean ? mapFloats((s, m) => s.sub(m.mul(m)), secondMoment, mean) : secondMoment;
        const direction = mapFloats((g, s) => g.div(root(s).add(floor!(g))), gradient, spread);
        const velocity = hasMomentum
          ? mapFloats((v, d) => v.mul(beta!(v)).add(d), state.velocity!, direction)
          : undefined;
        return {
          theta: mapFloats((x, d) => x.sub(d.mul(rate!(x))), theta, velocity ?? direction),
          state: {
            step: advance(state.step),
            secondMoment,
            ...(mean && { mean }),
            ...(velocity && { velocity }),
          },
        };
      },
      secondMoment: <Theta>(state: RmspropState, _theta: Theta) => state.secondMoment as Theta,
    },
    { options: rule },
  );
}

/**
 * Adadelta (Zeiler, arXiv 1212.5701, 2012): AdaGrad with a window, and steps in units of theta.
 *
 *     s ← decay · s + (1 - decay) · g²
 *     Δ = √(d + eps) / √(s + eps) · g
 *     d ← decay · d + (1 - decay) · Δ²
 *     theta ← theta - learningRate · Δ
 */
import type { Tensor, Tree } from "../../array/index.ts";
import {
  atStep,
  belowOne,
  oneMinus,
  positive,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { advance, counter, descend, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface AdadeltaOptions {
  /** Default 1, which is the paper's. */
  learningRate?: Hyperparameter;
  /** Part of the running means that is kept. Default 0.9. */
  decay?: Hyperparameter;
  /** Added under both roots: sets the length of the first steps. Default 0.000001. */
  eps?: Hyperparameter;
}

export type AdadeltaState = {
  step: Tensor;
  /** Running mean of squared gradients, from 0. */
  secondMoment: Tree;
  /** Running mean of squared steps, from 0. */
  squaredSteps: Tree;
};

export const adadeltaDefaults: Required<AdadeltaOptions> = { learningRate: 1, decay: 0.9, eps: 1e-6 };

/** Gradient descent without a learning rate to choose. Cost: three passes, two copies of theta. */
export function adadelta(options: AdadeltaOptions = {}): Optimizer<AdadeltaState & Skipping> {
  const rule = withDefaults("adadelta", options, adadeltaDefaults);
  const { learningRate, decay, eps } = rule;
  requireHyperparameter("adadelta", "learningRate", learningRate, positive);
  requireHyperparameter("adadelta", "decay", decay, belowOne);
  requireHyperparameter("adadelta", "eps", eps, positive);
  return skipOverflow<AdadeltaState>(
    {
      name: "adadelta",
      init: (theta) => ({ step: counter(), secondMoment: zeros(theta), squaredSteps: zeros(theta) }),
      update(gradient, state, theta) {
        requireGradient("adadelta", theta, gradient, state);
        const kept = atStep(decay, state.step);
        const floor = atStep(eps, state.step);
        const follow = (mean: Tensor, x: Tensor): Tensor =>
          mean.mul(kept(x)).add(x.mul(x).mul(oneMinus(kept(x))));
        const secondMoment = mapFloats((s, g) => follow(s, g), state.secondMoment, gradient);
        const steps = mapFloats(
          (g, s, d) =>
            root(d.add(floor(g)))
              .div(root(s.add(floor(g))))
              .mul(g),
          gradient,
          secondMoment,
          state.squaredSteps,
        );
        const squaredSteps = mapFloats((d, step) => follow(d, step), state.squaredSteps, steps);
        return {
          theta: descend(theta, steps, atStep(learningRate, state.step)),
          state: { step: advance(state.step), secondMoment, squaredSteps },
        };
      },
      secondMoment: <Theta>(state: AdadeltaState, _theta: Theta) => state.secondMoment as Theta,
    },
    { options: rule },
  );
}

/**
 * The moments of Adam and its kin, without their bias from starting at 0.
 *
 *     m ← beta1 · m + (1 - beta1) · g,     w1 ← beta1 · w1 + (1 - beta1)     (= 1 - beta1^t)
 *     s ← beta2 · s + (1 - beta2) · g²,    w2 ← beta2 · w2 + (1 - beta2)
 *     direction = (m / w1) / (√(s / w2 + epsRoot) + eps)
 *
 * The weights w are accumulated, not computed as 1 - beta^t: that is right also for betas that change with the
 * step, needs no power (inexact in float64 on fast devices), and does not cancel in float32, where 1 - 0.999 is off
 * by 1e-5 of its value. They are leaves of their own so that a reset of the moments can keep `step`.
 */
import { type Tensor, type Tensors, type Tree, np, tree } from "../array/index.ts";
import {
  asType,
  atLeast0,
  atStep,
  belowOne,
  oneMinus,
  positive,
  requireHyperparameter,
} from "./hyperparameter.ts";
import { advance, counter, mapFloats, root, zeros } from "./leaves.ts";
import type { Hyperparameter } from "./optimizer.ts";

export interface AdamOptions {
  /** Default 0.001. */
  learningRate?: Hyperparameter;
  /** Part of the first moment that is kept. Default 0.9. */
  beta1?: Hyperparameter;
  /** Part of the second moment that is kept. Default 0.999. */
  beta2?: Hyperparameter;
  /** Added to the root. Default 1e-8. */
  eps?: Hyperparameter;
  /** Added under the root. Default 0; derivatives are finite without it. */
  epsRoot?: Hyperparameter;
}

export type AdamState = {
  step: Tensor;
  /** Running mean of gradients, from 0. */
  firstMoment: Tree;
  /** Running mean of squared gradients, from 0. */
  secondMoment: Tree;
  /** Sum of the weights in `firstMoment`: float scalar. */
  firstWeight: Tensor;
  /** Sum of the weights in `secondMoment`: float scalar. */
  secondWeight: Tensor;
};

export const adamDefaults: Required<AdamOptions> = {
  learningRate: 0.001,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  epsRoot: 0,
};

export function requireAdamOptions(where: string, options: Required<AdamOptions>): void {
  requireHyperparameter(where, "learningRate", options.learningRate, positive);
  requireHyperparameter(where, "beta1", options.beta1, belowOne);
  requireHyperparameter(where, "beta2", options.beta2, belowOne);
  requireHyperparameter(where, "eps", options.eps, positive);
  requireHyperparameter(where, "epsRoot", options.epsRoot, atLeast0);
}

export function initMoments(theta: unknown): AdamState {
  const dtype = tree.floatType(theta);
  return {
    step: counter(),
    firstMoment: zeros(theta),
    secondMoment: zeros(theta),
    firstWeight: tree.scalar(0, dtype),
    secondWeight: tree.scalar(0, dtype),
  };
}

/**
 * The next moments, and the direction of descent in the structure of theta. The second moment is that of `spread`:
 * of the gradient, unless a method measures curvature in another way.
 */
export function adamDirection<Theta>(
  options: Required<AdamOptions>,
  gradient: Tensors<Theta>,
  state: AdamState,
  spread: Tensors<Theta> = gradient,
): { direction: Tensors<Theta>; state: AdamState } {
  const beta1 = atStep(options.beta1, state.step);
  const beta2 = atStep(options.beta2, state.step);
  const eps = atStep(options.eps, state.step);
  const epsRoot = atStep(options.epsRoot, state.step);
  const firstWeight = state.firstWeight.mul(beta1(state.firstWeight)).add(oneMinus(beta1(state.firstWeight)));
  const secondWeight = state.secondWeight
    .mul(beta2(state.secondWeight))
    .add(oneMinus(beta2(state.secondWeight)));
  const firstMoment = mapFloats(
    (m, g) => m.mul(beta1(m)).add(g.mul(oneMinus(beta1(m)))),
    state.firstMoment,
    gradient,
  );
  const secondMoment = mapFloats(
    (s, g) => s.mul(beta2(s)).add(g.mul(g).mul(oneMinus(beta2(s)))),
    state.secondMoment,
    spread,
  );
  const next = { step: advance(state.step), firstMoment, secondMoment, firstWeight, secondWeight };
  const direction = mapFloats(
    (_g, m, s) => {
      const scale = root(s.div(asType(secondWeight, s.dtype)).add(epsRoot(s))).add(eps(s));
      return m.div(asType(firstWeight, m.dtype)).div(scale);
    },
    gradient,
    firstMoment,
    secondMoment,
  );
  return { direction, state: next };
}

/** Mean of squared gradients without the bias from starting at 0; 0 before the first gradient. */
export function unbiasedSecondMoment<Theta>(state: AdamState, _theta: Theta): Theta {
  const { secondWeight } = state;
  const isEmpty = secondWeight.equal(0);
  const weight = np.where(isEmpty, np.onesLike(secondWeight), secondWeight);
  return mapFloats((s) => s.div(asType(weight, s.dtype)), state.secondMoment) as Theta;
}

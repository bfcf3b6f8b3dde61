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
import { type Tensor, type Tensors, type Tree, np, tree } from "../../array/index.ts";
import {
  type ValueFor,
  asType,
  atLeast0,
  atStep,
  belowOne,
  oneMinus,
  positive,
  requireHyperparameter,
} from "../hyperparameter.ts";
import { advance, counter, mapFloats, root, zeros } from "../leaves.ts";
import type { Hyperparameter } from "../optimizer.ts";

/** What Adam and its kin have in common. */
export interface MomentOptions {
  /** Default 0.001. */
  learningRate?: Hyperparameter;
  /** Part of the first moment that is kept. Default 0.9. */
  beta1?: Hyperparameter;
  /** Part of the second moment that is kept. Default 0.999. */
  beta2?: Hyperparameter;
  /** Added to the root. Default 1e-8. */
  eps?: Hyperparameter;
}

export interface AdamOptions extends MomentOptions {
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

export const momentDefaults: Required<MomentOptions> = {
  learningRate: 0.001,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
};

export const adamDefaults: Required<AdamOptions> = { ...momentDefaults, epsRoot: 0 };

export function requireMomentOptions(where: string, options: Required<MomentOptions>): void {
  requireHyperparameter(where, "learningRate", options.learningRate, positive);
  requireHyperparameter(where, "beta1", options.beta1, belowOne);
  requireHyperparameter(where, "beta2", options.beta2, belowOne);
  requireHyperparameter(where, "eps", options.eps, positive);
}

export function requireAdamOptions(where: string, options: Required<AdamOptions>): void {
  requireMomentOptions(where, options);
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

/** The next second moment of a leaf, from that before, the gradient, the next first moment, and beta2. */
export type SecondMomentRule = (s: Tensor, g: Tensor, m: Tensor, beta2: number | Tensor) => Tensor;

const meanOfSquares: SecondMomentRule = (s, g, _m, beta2) => s.mul(beta2).add(g.mul(g).mul(oneMinus(beta2)));

/**
 * The state after one more gradient. `second` is what Adam's kin do otherwise; the second moment is that of `spread`: of
 * the gradient, unless a method measures curvature in another way.
 */
export function nextMoments(
  { beta1, beta2 }: Pick<Required<MomentOptions>, "beta1" | "beta2">,
  gradient: unknown,
  state: AdamState,
  second: SecondMomentRule = meanOfSquares,
  spread: unknown = gradient,
): AdamState {
  const [kept1, kept2] = [atStep(beta1, state.step), atStep(beta2, state.step)];
  const weigh = (weight: Tensor, kept: ValueFor): Tensor =>
    weight.mul(kept(weight)).add(oneMinus(kept(weight)));
  const firstMoment = mapFloats(
    (m, g) => m.mul(kept1(m)).add(g.mul(oneMinus(kept1(m)))),
    state.firstMoment,
    gradient,
  );
  return {
    step: advance(state.step),
    firstMoment,
    secondMoment: mapFloats((s, g, m) => second(s, g, m, kept2(s)), state.secondMoment, spread, firstMoment),
    firstWeight: weigh(state.firstWeight, kept1),
    secondWeight: weigh(state.secondWeight, kept2),
  };
}

/** A moment over the sum of its weights. */
export function unbiased(moment: Tensor, weight: Tensor): Tensor {
  return moment.div(asType(weight, moment.dtype));
}

/** The next moments, and the direction of descent in the structure of theta; `spread` as in `nextMoments`. */
export function adamDirection<Theta>(
  options: Required<AdamOptions>,
  gradient: Tensors<Theta>,
  state: AdamState,
  spread: Tensors<Theta> = gradient,
): { direction: Tensors<Theta>; state: AdamState } {
  const eps = atStep(options.eps, state.step);
  const epsRoot = atStep(options.epsRoot, state.step);
  const next = nextMoments(options, gradient, state, meanOfSquares, spread);
  const direction = mapFloats(
    (_g, m, s) => {
      const scale = root(unbiased(s, next.secondWeight).add(epsRoot(s))).add(eps(s));
      return unbiased(m, next.firstWeight).div(scale);
    },
    gradient,
    next.firstMoment,
    next.secondMoment,
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

/**
 * LAMB: layerwise adaptive moments for batches (You, Li, Reddi, Hseu, Kumar, Bhojanapalli, Song, Demmel, Keutzer &
 * Hsieh, ICLR 2020). Adam's direction, with steps as long as a leaf is long.
 *
 *     m ← beta1 · m + (1 - beta1) · g,   s ← beta2 · s + (1 - beta2) · g²
 *     r = m̂ / (√ŝ + eps),   u = r + weightDecay · theta
 *     theta ← theta - learningRate · φ(‖theta‖) / ‖u‖ · u
 *
 *     m̂ = m / (1 - beta1^t),   Nesterov:  m̂ = beta1 · m / (1 - beta1^(t+1)) + (1 - beta1) · g / (1 - beta1^t)
 *     φ(x) = x,   or held to normRange
 *
 * The ratio is 1 where either norm is 0.
 */
import { type Tensor, tree } from "../../array/index.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased, unbiasedSecondMoment } from "./adamMoments.ts";
import {
  type ValueFor,
  asType,
  atLeast0,
  atStep,
  oneMinus,
  requireHyperparameter,
} from "../hyperparameter.ts";
import { requireBoolean, withDefaults } from "../hyperparameter.ts";
import { globalNorm, isFloatLeaf, requireGradient, root } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import {
  type LayerOptions,
  type NormRange,
  layerChoices,
  requireNormRange,
  trustRatio,
} from "./trustRatio.ts";

export interface LambOptions extends MomentOptions, LayerOptions {
  /** Added to the root. Default 0.000001. */
  eps?: Hyperparameter;
  /** Bounds on the length of a leaf: φ. Default null: none. */
  normRange?: NormRange | null;
  /** Whether the moments' bias towards their start is taken out. Default true. */
  isBiasCorrected?: boolean;
  /** NLAMB: the first moment looks one step ahead. Default false. */
  isNesterov?: boolean;
}

export const lambDefaults: Required<LambOptions> = {
  ...momentDefaults,
  eps: 1e-6,
  weightDecay: 0.01,
  decayed: () => true,
  adapted: () => true,
  normRange: null,
  isBiasCorrected: true,
  isNesterov: false,
};

/**
 * Adam for large batches. Exclude biases and scales: `decayed` and `adapted` with `(path, leaf) => leaf.ndim > 1`.
 * Cost: five passes, two copies of theta.
 */
export function lamb(options: LambOptions = {}): Optimizer<AdamState & Skipping> {
  const rule = withDefaults("lamb", options, lambDefaults);
  requireMomentOptions("lamb", rule);
  requireHyperparameter("lamb", "weightDecay", rule.weightDecay, atLeast0);
  requireNormRange("lamb", "normRange", rule.normRange);
  requireBoolean("lamb", "isBiasCorrected", rule.isBiasCorrected);
  requireBoolean("lamb", "isNesterov", rule.isNesterov);
  const { isDecayed, isAdapted, requireIn } = layerChoices("lamb", rule);
  return skipOverflow<AdamState>(
    {
      name: "lamb",
      momentum: "firstMoment",
      init(theta) {
        requireIn(theta);
        return initMoments(theta);
      },
      update(gradient, state, theta) {
        requireGradient("lamb", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const eps = atStep(rule.eps, state.step);
        const decay = atStep(rule.weightDecay, state.step);
        const next = nextMoments(rule, gradient, state);
        const numerator = firstMomentOf(rule, next, atStep(rule.beta1, state.step));
        const moved = tree.mapWithPath(
          (path, x, g, m, s) => {
            if (!isFloatLeaf(x)) return x;
            const square = rule.isBiasCorrected ? unbiased(s, next.secondWeight) : s;
            const adam = numerator(m, g).div(root(square).add(eps(x)));
            const update = isDecayed(path, x) ? adam.add(x.mul(decay(x))) : adam;
            const step = update.mul(rate(x));
            if (!isAdapted(path, x)) return x.sub(step);
            return x.sub(step.mul(trustRatio(globalNorm(x), globalNorm(update), rule.normRange)));
          },
          theta,
          gradient,
          next.firstMoment,
          next.secondMoment,
        );
        return { theta: moved, state: next };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}

/** m̂ of a leaf from its first moment and gradient. */
function firstMomentOf(
  { isBiasCorrected, isNesterov }: Required<LambOptions>,
  { firstWeight }: AdamState,
  beta1: ValueFor,
): (m: Tensor, g: Tensor) => Tensor {
  const correct = (x: Tensor, weight: Tensor): Tensor => (isBiasCorrected ? unbiased(x, weight) : x);
  if (!isNesterov) return (m) => correct(m, firstWeight);
  const kept = beta1(firstWeight);
  const nextWeight = firstWeight.mul(kept).add(oneMinus(kept));
  return (m, g) => {
    const ahead = correct(m.mul(beta1(m)), asType(nextWeight, m.dtype));
    return ahead.add(correct(g.mul(oneMinus(beta1(g))), firstWeight));
  };
}

/**
 * Yogi (Zaheer, Reddi, Sachan, Kale & Kumar, NeurIPS 2018): Adam whose second moment changes by additions, so that
 * it cannot fall quickly when gradients are sparse.
 *
 *     m ← beta1 · m + (1 - beta1) · g
 *     s ← s - (1 - beta2) · sign(s - g²) · g²
 *     theta ← theta - learningRate · m̂ / (√ŝ + eps)
 *
 * m̂ and ŝ are over 1 - beta^t as in Adam and in optax; the paper's Algorithm 2 leaves that out.
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased, unbiasedSecondMoment } from "./adamMoments.ts";
import { atStep, oneMinus, withDefaults } from "../hyperparameter.ts";
import { descend, isFloatLeaf, mapFloats, requireGradient, root } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface YogiOptions extends MomentOptions {
  /** Default 0.01. */
  learningRate?: Hyperparameter;
  /** Added to the root. Default 0.001. */
  eps?: Hyperparameter;
  /** Where s starts. Default 0.000001. */
  initialSecondMoment?: number;
}

export const yogiDefaults: Required<YogiOptions> = {
  ...momentDefaults,
  learningRate: 0.01,
  eps: 1e-3,
  initialSecondMoment: 1e-6,
};

/** Adam with step sizes that rise slowly. Cost: three passes, two copies of theta. */
export function yogi(options: YogiOptions = {}): Optimizer<AdamState & Skipping> {
  const rule = withDefaults("yogi", options, yogiDefaults);
  const { initialSecondMoment } = rule;
  requireMomentOptions("yogi", rule);
  if (!Number.isFinite(initialSecondMoment) || initialSecondMoment < 0) {
    throw new OptionError("yogi", "initialSecondMoment", initialSecondMoment, "a number of at least 0");
  }
  const start = (leaf: Tensor): Tensor => (isFloatLeaf(leaf) ? np.fullLike(leaf, initialSecondMoment) : leaf);
  return skipOverflow<AdamState>(
    {
      name: "yogi",
      momentum: "firstMoment",
      init(theta) {
        const moments = initMoments(theta);
        return { ...moments, secondMoment: tree.map(start, moments.secondMoment) };
      },
      update(gradient, state, theta) {
        requireGradient("yogi", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const eps = atStep(rule.eps, state.step);
        const next = nextMoments(rule, gradient, state, (s, g, _m, beta2) => {
          const square = g.mul(g);
          return s.sub(np.sign(s.sub(square)).mul(square).mul(oneMinus(beta2)));
        });
        const direction = mapFloats(
          (_x, m, s) => unbiased(m, next.firstWeight).div(root(unbiased(s, next.secondWeight)).add(eps(s))),
          theta,
          next.firstMoment,
          next.secondMoment,
        );
        return { theta: descend(theta, direction, rate), state: next };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}

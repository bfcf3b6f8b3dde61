/**
 * NAdam: Adam with Nesterov's momentum (Dozat, ICLR workshop 2016). The numerator looks one step ahead.
 *
 *     μ_t = beta1,   or with a schedule  beta1 · (1 - ½ · 0.96^(momentumDecay · t))
 *     m ← beta1 · m + (1 - beta1) · g,   s ← beta2 · s + (1 - beta2) · g²
 *     m̄ = μ_{t+1} · m / (1 - μ_1 ⋯ μ_{t+1}) + (1 - μ_t) · g / (1 - μ_1 ⋯ μ_t)
 *     theta ← theta - learningRate · m̄ / (√ŝ + eps),   ŝ = s / (1 - beta2^t)
 *
 * Dozat's paper and PyTorch have the schedule (momentumDecay 0.004); optax has the constant.
 */
import { type Tensor, np } from "../../array/index.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased, unbiasedSecondMoment } from "./adamMoments.ts";
import {
  asType,
  atLeast0,
  atStep,
  oneMinus,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { advance, descend, mapFloats, requireGradient, root } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface NadamOptions extends MomentOptions {
  /** How fast momentum rises from beta1 / 2 to beta1. Default 0: it is beta1 from the start. */
  momentumDecay?: Hyperparameter;
}

export const nadamDefaults: Required<NadamOptions> = { ...momentDefaults, momentumDecay: 0 };

/** log 0.96: half of what is missing of beta1 is gained every 17 / momentumDecay updates. */
const logBase = Math.log(0.96);

/**
 * Adam that steps from where its momentum will be. Cost: three passes, two copies of theta.
 *
 * @example
 * const likePyTorch = nadam({ learningRate: 0.002, momentumDecay: 0.004 });
 */
export function nadam(options: NadamOptions = {}): Optimizer<AdamState & Skipping> {
  const rule = withDefaults("nadam", options, nadamDefaults);
  requireMomentOptions("nadam", rule);
  requireHyperparameter("nadam", "momentumDecay", rule.momentumDecay, atLeast0);
  return skipOverflow<AdamState>(
    {
      name: "nadam",
      momentum: "firstMoment",
      init: initMoments,
      update(gradient, state, theta) {
        requireGradient("nadam", theta, gradient, state);
        const rate = atStep(rule.learningRate, state.step);
        const eps = atStep(rule.eps, state.step);
        const moments = nextMoments(rule, gradient, state);
        // The weight of the first moment is 1 minus the product of all μ so far.
        const now = momentumAt(rule, state.step, advance(state.step), state.firstWeight);
        const ahead = momentumAt(rule, state.step, advance(moments.step), state.firstWeight);
        const weigh = (weight: Tensor, mu: number | Tensor): Tensor => weight.mul(mu).add(oneMinus(mu));
        const firstWeight = weigh(state.firstWeight, now);
        const nextWeight = weigh(firstWeight, ahead);
        const [ofMoment, ofGradient] = [
          np.divide(ahead, nextWeight) as Tensor,
          np.divide(oneMinus(now), firstWeight) as Tensor,
        ];
        const direction = mapFloats(
          (x, m, g, s) =>
            m
              .mul(asType(ofMoment, x.dtype))
              .add(g.mul(asType(ofGradient, x.dtype)))
              .div(root(unbiased(s, moments.secondWeight)).add(eps(s))),
          theta,
          moments.firstMoment,
          gradient,
          moments.secondMoment,
        );
        return { theta: descend(theta, direction, rate), state: { ...moments, firstWeight } };
      },
      secondMoment: unbiasedSecondMoment,
    },
    { options: rule },
  );
}

/** μ at update `t` (int32, from 1), in the dtype of `like`. Hyperparameters have their values at `step`. */
function momentumAt(
  { beta1, momentumDecay }: Required<NadamOptions>,
  step: Tensor,
  t: Tensor,
  like: Tensor,
): number | Tensor {
  const most = atStep(beta1, step)(like);
  if (momentumDecay === 0) return most;
  const exponent = t.astype(like.dtype).mul(atStep(momentumDecay, step)(like)).mul(logBase);
  return np.exp(exponent).mul(-0.5).add(1).mul(most);
}

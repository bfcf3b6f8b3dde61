/**
 * LANS: accelerated large-batch optimisation with normalised gradients (Zheng, Lin, Zha & Li, arXiv 2006.13484,
 * 2020). LAMB on gradients of length 1 per leaf, with Nesterov's momentum as a second term with its own ratio.
 *
 *     g̃ = g / ‖g‖;   moments m and s of g̃ as in Adam
 *     r = m̂ / (√ŝ + eps) + weightDecay · theta,   c = g̃ / (√ŝ + eps) + weightDecay · theta
 *     theta ← theta - learningRate · φ(‖theta‖) · (beta1 · r / ‖r‖ + (1 - beta1) · c / ‖c‖)
 *
 * φ is the identity or holds to normRange. A ratio is 1 where either norm is 0, and g̃ is 0 where g is.
 */
import { np, tree } from "../../array/index.ts";
import { type AdamState, type MomentOptions, initMoments, momentDefaults } from "./adamMoments.ts";
import { nextMoments, requireMomentOptions, unbiased } from "./adamMoments.ts";
import { atLeast0, atStep, oneMinus, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { globalNorm, isFloatLeaf, mapFloats, requireGradient, root } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type LayerOptions, type NormRange, layerChoices } from "./trustRatio.ts";
import { requireNormRange, trustRatio } from "./trustRatio.ts";

export interface LansOptions extends MomentOptions, LayerOptions {
  /** Added to the root. Default 0.000001. */
  eps?: Hyperparameter;
  /** Bounds on the length of a leaf: φ. Default null: none. */
  normRange?: NormRange | null;
}

export const lansDefaults: Required<LansOptions> = {
  ...momentDefaults,
  eps: 1e-6,
  weightDecay: 0.01,
  decayed: () => true,
  adapted: () => true,
  normRange: null,
};

/**
 * LAMB that a long gradient cannot throw off. Exclude biases and scales: `decayed` and `adapted` with
 * `(path, leaf) => leaf.ndim > 1`. Cost: six passes, two copies of theta.
 */
export function lans(options: LansOptions = {}): Optimizer<AdamState> {
  const rule = withDefaults("lans", options, lansDefaults);
  requireMomentOptions("lans", rule);
  requireHyperparameter("lans", "weightDecay", rule.weightDecay, atLeast0);
  requireNormRange("lans", "normRange", rule.normRange);
  const { isDecayed, isAdapted, requireIn } = layerChoices("lans", rule);
  return {
    name: "lans",
    momentum: "firstMoment",
    init(theta) {
      requireIn(theta);
      return initMoments(theta);
    },
    update(gradient, state, theta) {
      requireGradient("lans", theta, gradient, state);
      const [rate, eps, decay, beta1] = [rule.learningRate, rule.eps, rule.weightDecay, rule.beta1].map((h) =>
        atStep(h, state.step),
      );
      const unit = mapFloats((g) => {
        const norm = globalNorm(g);
        return g.mul(trustRatio(np.onesLike(norm), norm));
      }, gradient);
      const next = nextMoments(rule, unit, state);
      const moved = tree.mapWithPath(
        (path, x, g, m, s) => {
          if (!isFloatLeaf(x)) return x;
          const scale = root(unbiased(s, next.secondWeight)).add(eps!(x));
          const size = globalNorm(x);
          const [momentum, now] = [unbiased(m, next.firstWeight), g].map((numerator) => {
            const adam = numerator.div(scale);
            const update = isDecayed(path, x) ? adam.add(x.mul(decay!(x))) : adam;
            if (!isAdapted(path, x)) return update;
            return update.mul(trustRatio(size, globalNorm(update), rule.normRange));
          });
          const direction = momentum!.mul(beta1!(x)).add(now!.mul(oneMinus(beta1!(x))));
          return x.sub(direction.mul(rate!(x)));
        },
        theta,
        unit,
        next.firstMoment,
        next.secondMoment,
      );
      return { theta: moved, state: next };
    },
  };
}

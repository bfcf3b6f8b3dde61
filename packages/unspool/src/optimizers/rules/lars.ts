/**
 * LARS: layerwise adaptive rate scaling (You, Gitman & Ginsburg, arXiv 1708.03888, 2017). Every leaf moves in
 * proportion to its own length, so that no layer limits the learning rate of large batches.
 *
 *     paper:    ℓ = trust · ‖theta‖ / (‖g‖ + weightDecay · ‖theta‖)
 *     optax:    ℓ = trust · ‖theta‖ / ‖g + weightDecay · theta‖
 *     torch:    ℓ = trust · ‖theta‖ / (‖g‖ + weightDecay · ‖theta‖ + 1e-8)
 *     clipped:  ℓ ← min(ℓ / learningRate, 1)
 *     v ← momentum · v + learningRate · ℓ · (g + weightDecay · theta)
 *     theta ← theta - v;     torch: the learning rate multiplies v instead, as in PyTorch's momentum
 *
 * Clipped, it is LARC: no step is longer than that of gradient descent. ℓ is 1 where it is 0 / 0, and for ‖theta‖ = 0.
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { requireOneOf } from "../../errors.ts";
import { atLeast0, atStep, belowOne, positive, requireHyperparameter } from "../hyperparameter.ts";
import { requireBoolean, withDefaults } from "../hyperparameter.ts";
import {
  advance,
  counter,
  descend,
  globalNorm,
  isFloatLeaf,
  mapFloats,
  requireGradient,
  zeros,
} from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type LayerOptions, layerChoices, trustRatio } from "./trustRatio.ts";

export interface LarsOptions extends LayerOptions {
  /** Default 0.1. */
  learningRate?: Hyperparameter;
  /** Part of the velocity that is kept. Default 0.9. */
  momentum?: Hyperparameter;
  /** Part of theta that is added to the gradient. Default 0.0005. */
  weightDecay?: Hyperparameter;
  /** Length of a step in units of the length of its leaf, at learning rate 1. Default 0.001. */
  trust?: Hyperparameter;
  /**
   * What the length of a leaf is divided by; "torch" has the learning rate outside of the velocity too, so that a schedule
   * acts on all of it at once (torchlars, Lightning Bolts). Default "paper".
   */
  variant?: "paper" | "optax" | "torch";
  /** LARC: ratios are at most 1. Default false. */
  isClipped?: boolean;
}

export type LarsState = {
  step: Tensor;
  /** Decayed sum of steps. */
  velocity: Tree;
};

export const larsDefaults: Required<LarsOptions> = {
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 0.0005,
  trust: 0.001,
  decayed: () => true,
  adapted: () => true,
  variant: "paper",
  isClipped: false,
};

/**
 * Momentum with a step length per leaf. Exclude biases and scales from both: `decayed` and `adapted` with
 * `(path, leaf) => leaf.ndim > 1`. Cost: four passes, one copy of theta.
 */
export function lars(options: LarsOptions = {}): Optimizer<LarsState> {
  const rule = withDefaults("lars", options, larsDefaults);
  const { variant, isClipped } = rule;
  requireHyperparameter("lars", "learningRate", rule.learningRate, positive);
  requireHyperparameter("lars", "momentum", rule.momentum, belowOne);
  requireHyperparameter("lars", "weightDecay", rule.weightDecay, atLeast0);
  requireHyperparameter("lars", "trust", rule.trust, positive);
  requireOneOf("lars", "variant", variant, ["paper", "optax", "torch"]);
  requireBoolean("lars", "isClipped", isClipped);
  const { isDecayed, isAdapted, requireIn } = layerChoices("lars", rule);
  return {
    name: "lars",
    momentum: "velocity",
    init(theta) {
      requireIn(theta);
      return { step: counter(), velocity: zeros(theta) };
    },
    update(gradient, state, theta) {
      requireGradient("lars", theta, gradient, state);
      const [rate, kept, decay, trust] = [rule.learningRate, rule.momentum, rule.weightDecay, rule.trust].map(
        (h) => atStep(h, state.step),
      );
      const velocity = tree.mapWithPath(
        (path, v, g, x) => {
          if (!isFloatLeaf(x)) return v;
          const lambda = isDecayed(path, x) ? decay!(x) : 0;
          const direction = lambda === 0 ? g : g.add(x.mul(lambda));
          let step = variant === "torch" ? direction : direction.mul(rate!(x));
          if (isAdapted(path, x)) {
            const size = globalNorm(x);
            const divisor = variant === "optax" ? globalNorm(direction) : globalNorm(g).add(size.mul(lambda));
            const ratio =
              variant === "torch"
                ? torchRatio(size.mul(trust!(x)), divisor, globalNorm(g))
                : trustRatio(size.mul(trust!(x)), divisor);
            const clipped = isClipped ? np.minimum(ratio.div(rate!(x)), 1) : ratio;
            step = step.mul(clipped);
          }
          return v.mul(kept!(v)).add(step);
        },
        state.velocity,
        gradient,
        theta,
      );
      return {
        theta:
          variant === "torch"
            ? descend(theta, velocity, rate!)
            : mapFloats((x, v) => x.sub(v), theta, velocity),
        state: { step: advance(state.step), velocity },
      };
    },
  };
}

/** 1 also where the gradient is 0; 1e-8 is added to the divisor. */
function torchRatio(weight: Tensor, divisor: Tensor, gradient: Tensor): Tensor {
  return trustRatio(weight, np.where(gradient.equal(0), gradient, divisor.add(1e-8)));
}

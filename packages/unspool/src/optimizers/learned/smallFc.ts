/**
 * `small_fc_lopt`: a network of some 200 weights at every parameter, fed with momenta, root mean squares and factored
 * squares, each divided by its root mean square over the tensor (Metz, Freeman, Harrison, Maheswaranathan &
 * Sohl-Dickstein, CoLLAs 2022).
 *
 *     (d, a) = MLP(28 features of the parameter, tanh(t / τ - 1) for 11 τ)
 *     p ← p - stepMultiplier · d · exp(expMultiplier · a)
 */
import { type Tensor, np } from "../../array/index.ts";
import {
  type FeatureOptions,
  featureDefaults,
  initMeta,
  learnedFromFeatures,
  networkSizes,
  requireFeatureOptions,
} from "./parameterFeatures.ts";
import type { ParameterMeta, ParameterState } from "./parameterFeatures.ts";
import type { Skipping } from "../wrappers/skipOverflow.ts";
import { type LearnedOptimizer, networkMultiplications } from "./learnedOptimizer.ts";
import { withDefaults } from "../hyperparameter.ts";

export interface SmallFcOptions extends FeatureOptions {
  /** Scale of the exponent a. Default 0.001. */
  expMultiplier?: number;
  /** Scale of the step d. Default 0.001. */
  stepMultiplier?: number;
}

export const smallFcDefaults: Required<SmallFcOptions> = {
  ...featureDefaults,
  expMultiplier: 0.001,
  stepMultiplier: 0.001,
};

/**
 * The learned optimizer of least memory and compute that beats tuned rules on its own tasks; far from them it may
 * diverge, where `star` does not. Cost: 4 numbers of state per parameter of a matrix (and its rows and columns three times), 7 per parameter of a
 * vector; 180 multiplications per parameter at the default width.
 *
 * @example
 * const learned = smallFc();
 * const optimizer = learned.optimizer(learned.init(random.key(0)));
 */
export function smallFc(
  options: SmallFcOptions = {},
): LearnedOptimizer<ParameterMeta, ParameterState & Skipping> {
  const rule = withDefaults("smallFc", options, smallFcDefaults);
  requireFeatureOptions("smallFc", rule);
  const { expMultiplier, stepMultiplier } = rule;
  return {
    name: "smallFc",
    multiplications: networkMultiplications(networkSizes(rule, 2)),
    init: (key) => initMeta(key, rule, 2),
    optimizer: (meta) =>
      learnedFromFeatures("smallFc", rule, meta, (_view, [direction, magnitude]) => ({
        step: scaledStep(direction!, magnitude!, stepMultiplier, expMultiplier),
      })),
  };
}

/** stepMultiplier · d · exp(expMultiplier · a). */
export function scaledStep(d: Tensor, a: Tensor, stepMultiplier: number, expMultiplier: number): Tensor {
  return d.mul(np.exp(a.mul(expMultiplier))).mul(stepMultiplier);
}

/**
 * Mixed precision, emulated (Micikevicius et al., ICLR 2018): the objective sees parameters rounded to a half-precision
 * format, its gradient is stored in that format under a loss scale, the optimizer has the parameters in full.
 *
 *     g' = round(S · ∇ loss(round(θ))),   θ ← optimizer.update(g' / S, θ)          (skipped unless finite: `lossScale`)
 *
 * What is computed between parameters and loss is in full precision: it shows what storage in half precision does, not
 * what arithmetic in it does, and is not faster.
 */
import type { Tree } from "../../array/index.ts";
import { valueAndGrad } from "../../array/index.ts";
import { withDefaults } from "../hyperparameter.ts";
import { mapFloats } from "../leaves.ts";
import type { ObjectiveOptimizer } from "../objective/objective.ts";
import type { Optimizer } from "../optimizer.ts";
import { sgd } from "../rules/sgd.ts";
import { type LossScaleState, lossScale } from "./lossScale.ts";
import { type HalfFormat, roundingOf } from "./rounding.ts";

export interface MixedPrecisionOptions {
  /** Of parameters and gradients: "float16", "bfloat16" or "float32". Default "float16". */
  format?: HalfFormat;
  /** S at the start. Default 65536. */
  scale?: number;
  /** Good steps in a row before S doubles. Default 2000. */
  growthSteps?: number;
  /** Of the parameters in full. Default "sgd". */
  optimizer?: Optimizer;
}

export const mixedPrecisionDefaults: Required<MixedPrecisionOptions> = {
  format: "float16",
  scale: 65536,
  growthSteps: 2000,
  optimizer: sgd(),
};

/**
 * The loss is that at the rounded parameters, the metric `lossScale` is S. Gradients at float16 with S = 1 lose what is below 3e-8. Cost: one gradient, and that of
 * the optimizer.
 */
export function mixedPrecision(
  options: MixedPrecisionOptions = {},
): ObjectiveOptimizer<LossScaleState<Tree>> {
  const rule = withDefaults("mixedPrecision", options, mixedPrecisionDefaults);
  const { format, scale, growthSteps } = rule;
  const scaled = lossScale(rule.optimizer, { format, scale, growthSteps });
  const round = roundingOf(format);
  const { evaluationTheta } = scaled;
  return {
    name: `mixedPrecision(${rule.optimizer.name})`,
    init: (theta) => scaled.init(theta),
    step(theta, state, objective) {
      const rounded = mapFloats((x) => round(x), theta);
      const [loss, gradient] = valueAndGrad((at: typeof theta) => objective.loss(at))(rounded);
      const moved = scaled.update(gradient, state, theta);
      return { ...moved, loss, metrics: { lossScale: moved.state.scale } };
    },
    ...(evaluationTheta !== undefined && { evaluationTheta }),
  };
}

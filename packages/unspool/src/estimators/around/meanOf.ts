/**
 * The mean of several estimators of one theta, each of an inner problem of its own: meta-training on several tasks.
 *
 *     loss = Σ w_i loss_i,   gradient = Σ w_i gradient_i,   w = weights / Σ weights
 */
import { type Key, random, tree } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import type { GradientEstimator } from "../estimator.ts";

export interface MeanOfOptions {
  /** One per estimator, of at least 0. Default: all 1. */
  weights?: readonly number[];
}

/** States of the estimators, in order. */
export interface MeanOfState {
  states: unknown[];
}

/**
 * Estimators run one after the other, each from a key of its own, so that one more does not change what the others draw.
 *
 * @example
 * const estimator = meanOf(widths.map((width) => pes(metaTraining(learned, taskOf(width)), options)));
 */
export function meanOf<Theta>(
  estimators: readonly GradientEstimator<Theta>[],
  options: MeanOfOptions = {},
): GradientEstimator<Theta, MeanOfState> {
  requireKnownOptions("meanOf", options, ["weights"]);
  const { weights = estimators.map(() => 1) } = options;
  if (estimators.length === 0) throw new OptionError("meanOf", "estimators", estimators, "at least one");
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const isValid = weights.every((weight) => weight >= 0 && Number.isFinite(weight)) && total > 0;
  if (weights.length !== estimators.length || !isValid) {
    const allowed = `${estimators.length} numbers of at least 0, not all 0`;
    throw new OptionError("meanOf", "weights", weights, allowed);
  }
  return {
    name: `meanOf(${estimators.map(({ name }) => name).join(", ")})`,
    init: (theta, key: Key) => ({
      states: estimators.map((estimator, i) => estimator.init(theta, random.foldIn(key, i))),
    }),
    estimate(theta, { states }, key) {
      const estimates = estimators.map((estimator, i) =>
        estimator.estimate(theta, states[i], random.foldIn(key, i)),
      );
      const share = weights.map((weight) => weight / total);
      const [first, ...rest] = estimates.map(({ gradient }) => gradient) as [Theta, ...Theta[]];
      return {
        loss: estimates.reduce((sum, { loss }, i) => sum + share[i]! * loss, 0),
        gradient: tree.map(
          (leaf, ...others) =>
            others.reduce((sum, g, i) => sum.add(g.mul(share[i + 1]!)), leaf.mul(share[0]!)),
          first,
          ...rest,
        ),
        state: { states: estimates.map(({ state }) => state) },
        metrics: { innerSteps: estimates.reduce((sum, { metrics }) => sum + metrics.innerSteps, 0) },
      };
    },
  };
}

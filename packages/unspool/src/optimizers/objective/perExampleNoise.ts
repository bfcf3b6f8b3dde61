/**
 * Multiplicative noise per example (Hoffer, Hubara & Soudry, NeurIPS 2017; Wu et al., ICML 2020): the loss
 * of each example is weighted by 1 plus a normal number, so the gradient keeps its mean and gains a covariance in the
 * shape of that of single examples.
 *
 *     L(theta) = mean over i of (1 + deviation · N(0, 1)) · l_i(theta)
 *
 * With deviation² = B / b - 1 a batch of B has the noise of a batch of b, where single gradients are large beside
 * their mean.
 */
import { type Key, random } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { asType, atLeast0, requireHyperparameter } from "../hyperparameter.ts";
import type { Objective } from "./objective.ts";

export interface PerExampleNoiseOptions {
  /** Deviation of the weights. */
  deviation: number;
}

/**
 * The objective with weights drawn from `key`. The network behind it is not shown any more: curvature is of the loss
 * without noise.
 *
 * @example
 * const step = compiledStep(firstOrder(sgd()), ({ inputs, targets, key }: Batch & { key: Key }) =>
 *   perExampleNoise(networkObjective({ network, likelihood, inputs, targets }), key, { deviation: 3 }),
 * );
 */
export function perExampleNoise<Theta>(
  objective: Objective<Theta>,
  key: Key,
  options: PerExampleNoiseOptions,
): Objective<Theta> {
  requireKnownOptions("perExampleNoise", options, ["deviation"]);
  const { deviation } = options;
  requireHyperparameter("perExampleNoise", "deviation", deviation, atLeast0);
  const { losses } = objective;
  if (losses === undefined) {
    throw new OptionError("perExampleNoise", "objective.losses", losses, "a function of theta that gives the loss of each example"); // prettier-ignore
  }
  const weighted = (theta: Theta) => {
    const each = losses(theta);
    const noise = asType(random.normal(key, each.shape), each.dtype);
    return each.mul(noise.mul(deviation).add(1));
  };
  return { loss: (theta) => weighted(theta).mean(), losses: weighted };
}

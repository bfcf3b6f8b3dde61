/** Multinomial resampling: every place draws an ancestor by the weights, independently of the others. */
import { type Tensor, lax, np, random } from "../../../array/index.ts";
import { logNormalised } from "../logSumExp.ts";
import { ancestorsAt } from "./ancestorsAt.ts";
import type { Resampler } from "./resampler.ts";

/**
 * A_i ~ Categorical(softmax(w)), i = 1 … K. Cost: K uniform numbers and K^2 comparisons.
 *
 * @example
 * multinomial().ancestors(random.key(0), np.array([0, 0, -Infinity])); // int32 [3], of 0 and 1
 */
export function multinomial(): Resampler {
  return {
    name: "multinomial",
    ancestors: (key, logWeights) => ancestorsAt(logWeights, random.uniform(key, [logWeights.size])),
    logProbability: (logWeights, ancestors) =>
      (np.take(logNormalised(logWeights), lax.stopGradient(ancestors) as Tensor, 0) as Tensor).sum(),
  };
}

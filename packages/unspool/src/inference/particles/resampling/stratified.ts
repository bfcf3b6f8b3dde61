/**
 * Stratified resampling (Kitagawa 1996): one point in each of K cells of equal length,
 *
 *     u_i = (i + U_i) / K,   U_i ~ U(0, 1)
 *
 * Its places are independent, and place i has the ancestor j with K times the length that cell i shares with particle j's
 * part of the cumulative weights: by that its score is known.
 */
import { type Tensor, np, random } from "../../../array/index.ts";
import { logNormalised } from "../logSumExp.ts";
import { ancestorsAt } from "./ancestorsAt.ts";
import type { Resampler } from "./resampler.ts";

/** Fewer surprises than multinomial: a particle has one copy too many or too few at most. Cost: as multinomial. */
export function stratified(): Resampler {
  return {
    name: "stratified",
    ancestors(key, logWeights) {
      const cells = logWeights.size;
      const within = random.uniform(key, [cells]);
      return ancestorsAt(logWeights, np.arange(cells).astype("float32").add(within).div(cells));
    },
    logProbability(logWeights, ancestors) {
      const cells = logWeights.size;
      const weights = np.exp(logNormalised(logWeights)) as Tensor;
      const above = np.cumsum(weights) as Tensor;
      const place = np.arange(cells).astype(weights.dtype);
      const start = place.div(cells);
      const end = np.take(above, ancestors, 0) as Tensor;
      const from = end.sub(np.take(weights, ancestors, 0) as Tensor);
      const shared = np
        .minimum(end, start.add(1 / cells))
        .sub(np.maximum(from, start) as Tensor)
        .mul(cells);
      // A length of rounding only has no derivative that means anything.
      const isKnown = shared.greater(1e-6);
      const log = np.log(np.where(isKnown, shared, 1) as Tensor) as Tensor;
      return (np.where(isKnown, log, 0) as Tensor).sum();
    },
  };
}

/** Systematic resampling (Carpenter, Clifford and Fearnhead 1999): one uniform number for all places, u_i = (i + U) / K. */
import { np, random } from "../../../array/index.ts";
import { ancestorsAt } from "./ancestorsAt.ts";
import type { Resampler } from "./resampler.ts";

/** The least variance of the three in practice; its ancestors have no probability whose score could be taken. */
export function systematic(): Resampler {
  return {
    name: "systematic",
    ancestors(key, logWeights) {
      const cells = logWeights.size;
      const within = random.uniform(key, []);
      return ancestorsAt(logWeights, np.arange(cells).astype("float32").add(within).div(cells));
    },
  };
}

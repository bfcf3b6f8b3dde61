/** The function that is 0: the past is left out. */
import { np } from "../../../array/index.ts";
import type { Regressor } from "./regressor.ts";

/** In the place of T or S it leaves the past out of the gradient by phi or by theta. Cost: nothing. */
export function zeroRegression(): Regressor<Record<string, never>> {
  return {
    name: "zero",
    samples: 0,
    isZero: true,
    init: () => ({}),
    fit: (state) => state,
    // The number of outputs is that of whatever it is added to.
    predict: (_state, x) => np.zeros([x.shape[0]!, 1], { dtype: "float64" }),
  };
}

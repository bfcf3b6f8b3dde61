/** y = e^x. */
import { np } from "../../array/index.ts";
import type { Bijector } from "./bijector.ts";

/** Onto the positive numbers: `transformed(normal(…), expBijector)` is the log-normal distribution. */
export const expBijector: Bijector = {
  name: "exp",
  eventRank: 0,
  forward: (x) => np.exp(x),
  inverse: (y) => np.log(y),
  logDeterminant: (x) => x,
  isImage: (y) => np.logicalAnd(y.greater(0), y.less(Infinity)),
};

/** y = tanh x. */
import { nn, np } from "../../array/index.ts";
import type { Bijector } from "./bijector.ts";

/** Onto (-1, 1): of bounded actions. */
export const tanhBijector: Bijector = {
  name: "tanh",
  eventRank: 0,
  forward: (x) => np.tanh(x),
  inverse: (y) => np.arctanh(y),
  // log(1 - tanh² x) = 2 (log 2 - x - softplus(-2 x)), which does not cancel far out.
  logDeterminant: (x) =>
    x
      .add(nn.softplus(x.mul(-2)))
      .sub(Math.LN2)
      .mul(-2),
  isImage: (y) => np.logicalAnd(y.greater(-1), y.less(1)),
};

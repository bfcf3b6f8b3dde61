/** y = 1 / (1 + e^-x). */
import { nn, np } from "../../array/index.ts";
import type { Bijector } from "./bijector.ts";

/** Onto (0, 1). */
export const sigmoidBijector: Bijector = {
  name: "sigmoid",
  eventRank: 0,
  forward: (x) => nn.sigmoid(x),
  inverse: (y) => np.log(y).sub(np.log1p(y.neg())),
  // log σ(x) + log σ(-x).
  logDeterminant: (x) => nn.softplus(x).add(nn.softplus(x.neg())).neg(),
  isImage: (y) => np.logicalAnd(y.greater(0), y.less(1)),
};

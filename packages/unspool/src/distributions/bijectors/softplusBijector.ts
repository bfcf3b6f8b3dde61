/** y = log(1 + e^x). */
import { nn, np } from "../../array/index.ts";
import type { Bijector } from "./bijector.ts";

/** Onto the positive numbers, with slope 1 far out: for scales that shall not grow as e^x. */
export const softplusBijector: Bijector = {
  name: "softplus",
  eventRank: 0,
  forward: (x) => nn.softplus(x),
  // log(e^y - 1) without its overflow.
  inverse: (y) => y.add(np.log(np.expm1(y.neg()).neg())),
  logDeterminant: (x) => nn.logSigmoid(x),
  isImage: (y) => np.logicalAnd(y.greater(0), y.less(Infinity)),
};

/** A twist that is known, as a function: nothing of it is learned (SIXO-a of the paper). */
import type { Tensor } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";
import type { ObservedSeries } from "../series.ts";
import type { Twist } from "./twist.ts";

/** log r_t(x), [K] for x [K, dx], at step t (int32 scalar, 0 … T-2) of a series, by the model's parameters. */
export type LogTwistFunction<Model> = (x: Tensor, t: Tensor, series: ObservedSeries, model: Model) => Tensor;

/**
 * The twist of a function, which may use the model's parameters: gradients flow into them.
 *
 * @example
 * const solved = fixedTwist<GaussianDriftTheta>((x, t, { y }, { alpha }) => {
 *   const left = t.neg().add(10).astype("float32");
 *   return diagonalNormal({ mean: x.add(alpha.mul(left)), sd: np.sqrt(left) }).logProb(y.slice(-1));
 * });
 */
export function fixedTwist<Model = unknown>(
  logTwist: LogTwistFunction<Model>,
  name = "fixed",
): Twist<Model, object, object> {
  if (typeof logTwist !== "function")
    throw new OptionError("fixedTwist", "logTwist", logTwist, "a function of x, t, series and model");
  return {
    name,
    isTrained: false,
    init: () => ({}),
    logTwist: (_, { x, t, series, model }) => logTwist(x, t, series, model),
  };
}

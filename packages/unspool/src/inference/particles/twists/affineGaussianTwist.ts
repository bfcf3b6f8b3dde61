/**
 * A twist that is Gaussian in a target of the data, with parameters of its own at every step:
 *
 *     log r_t(x) = log N(target; x + b_t, exp(v_t))
 */
import { type Tensor, np } from "../../../array/index.ts";
import { diagonalNormal } from "../../../distributions/index.ts";
import { requireInteger, requireKnownOptions } from "../../../errors.ts";
import type { ObservedSeries } from "../series.ts";
import type { Twist } from "./twist.ts";

/** By step, [T, dx] each; the last rows are not used. */
export type AffineGaussianTwistParams = { shift: Tensor; logVariance: Tensor };

export interface AffineGaussianTwistOptions {
  /** T. */
  steps: number;
  /** Numbers of a state, dx. */
  stateSize: number;
  /** The target [dx], or [T, dx] by step. Default: the last observation. */
  target?(series: ObservedSeries): Tensor;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

type Row = AffineGaussianTwistParams & { target: Tensor };

/** The twist; b and v start at 0. */
export function affineGaussianTwist(
  options: AffineGaussianTwistOptions,
): Twist<unknown, AffineGaussianTwistParams, Row> {
  const where = "affineGaussianTwist";
  requireKnownOptions(where, options, ["steps", "stateSize", "target", "dtype"]);
  const { steps, stateSize, target = ({ y }) => y.slice(-1), dtype = "float32" } = options;
  requireInteger(where, "steps", steps, 1);
  requireInteger(where, "stateSize", stateSize, 1);
  const zeros = (): Tensor => np.zeros([steps, stateSize], { dtype });
  return {
    name: "affineGaussian",
    isTrained: true,
    init: () => ({ shift: zeros(), logVariance: zeros() }),
    rows: (params, series) => ({
      ...params,
      target: np.broadcastTo(target(series), [series.y.shape[0]!, stateSize]) as Tensor,
    }),
    logTwist: (_, { x, row }) =>
      diagonalNormal({ mean: x.add(row.shift), logSd: row.logVariance.mul(0.5) }).logProb(row.target),
  };
}

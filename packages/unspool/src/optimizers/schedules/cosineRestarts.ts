/**
 * Half cosines one after another: stochastic gradient descent with warm restarts (Loshchilov & Hutter, ICLR 2017,
 * SGDR, equation 5). Period i is `factor`^i times as long as the first.
 *
 *     to + (from - to) · (1 + cos(π · T_cur / T_i)) / 2,   T_cur: steps since the last restart
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { type ScheduleValue, between, requireValue } from "./progress.ts";

export interface CosineRestartsOptions {
  /** After a restart. Default 0.01. */
  from?: ScheduleValue;
  /** Default 0. */
  to?: ScheduleValue;
  /** Steps of the first period: T_0. Default 100. */
  steps?: number;
  /** Length of a period in units of that before: T_mult. Default 2. */
  factor?: number;
}

export const cosineRestartsDefaults: Required<CosineRestartsOptions> = {
  from: 0.01,
  to: 0,
  steps: 100,
  factor: 2,
};

/** Falls and jumps up again, at longer and longer intervals. */
export function cosineRestarts(options: CosineRestartsOptions = {}): Schedule {
  const { from, to, steps, factor } = withDefaults("cosineRestarts", options, cosineRestartsDefaults);
  requireValue("cosineRestarts", "from", from);
  requireValue("cosineRestarts", "to", to);
  requireInteger("cosineRestarts", "steps", steps, 1);
  requireInteger("cosineRestarts", "factor", factor, 1);
  return (step, dtype = "float32") => {
    const { since, period } = placeIn(step, steps, factor);
    const part = since.astype(dtype).div(period.astype(dtype));
    return between(to, from, np.cos(part.mul(Math.PI)).add(1).mul(0.5), dtype);
  };
}

/** Steps since the last restart, and the length of the period: int32. */
function placeIn(step: Tensor, steps: number, factor: number): { since: Tensor; period: Tensor } {
  const first = tree.scalar(steps, "int32");
  if (factor === 1) return { since: step.mod(first), period: first };
  // All restarts within the reach of an int32 counter, at most 31: length of the period before, and what it grows by.
  const lengths: number[] = [];
  for (let [end, length] = [steps, steps]; end < 2 ** 31 && length * factor < 2 ** 31; end += length) {
    lengths.push(length);
    length *= factor;
  }
  const before = np.array(lengths, { dtype: "int32" });
  const isReached = step.greaterEqual(np.cumsum(before));
  const sumOfReached = (x: Tensor): Tensor => np.where(isReached, x, np.zerosLike(x)).sum();
  return {
    since: step.sub(sumOfReached(before)),
    period: first.add(sumOfReached(before.mul(tree.scalar(factor - 1, "int32")))),
  };
}

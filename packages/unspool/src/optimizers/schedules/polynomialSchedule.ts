/**
 * A polynomial from one value to another (the "poly" policy of Caffe and DeepLab).
 *
 *     to + (from - to) · (1 - min(1, max(0, (step - delay) / steps)))^power
 */
import { np } from "../../array/index.ts";
import { requireInteger, requirePositive } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { type LinearScheduleOptions, linearScheduleDefaults } from "./linearSchedule.ts";
import { between, progress, requireValue } from "./progress.ts";

export interface PolynomialScheduleOptions extends LinearScheduleOptions {
  /** 1 is a line; above 1 it falls fast first. Default 2. */
  power?: number;
}

export const polynomialScheduleDefaults: Required<PolynomialScheduleOptions> = {
  ...linearScheduleDefaults,
  power: 2,
};

/** From one value to another along a power of what is left. */
export function polynomialSchedule(options: PolynomialScheduleOptions = {}): Schedule {
  const rule = withDefaults("polynomialSchedule", options, polynomialScheduleDefaults);
  const { from, to, steps, delay, power } = rule;
  requireValue("polynomialSchedule", "from", from);
  requireValue("polynomialSchedule", "to", to);
  requireInteger("polynomialSchedule", "steps", steps, 1);
  requireInteger("polynomialSchedule", "delay", delay, 0);
  requirePositive("polynomialSchedule", "power", power);
  return (step, dtype = "float32") => {
    const left = progress(step, steps, dtype, delay).mul(-1).add(1);
    return between(to, from, np.power(left, power), dtype);
  };
}

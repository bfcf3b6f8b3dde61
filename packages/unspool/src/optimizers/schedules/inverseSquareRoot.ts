/**
 * Falls like one over the root of the number of steps (Robbins & Monro 1951; Vaswani et al., NeurIPS 2017, for
 * transformers). t counts from 1.
 *
 *     from · √(steps / max(t, steps))
 */
import { np } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { type ScheduleValue, requireValue, valueAs } from "./progress.ts";

export interface InverseSquareRootOptions {
  /** Value at the first `steps` steps. Default 0.01. */
  from?: ScheduleValue;
  /** Steps before the value falls. Default 1: it is from / √t. */
  steps?: number;
}

export const inverseSquareRootDefaults: Required<InverseSquareRootOptions> = { from: 0.01, steps: 1 };

/** For trainings of unknown length. Inside `warmup` with as many steps it is the schedule of the first transformer. */
export function inverseSquareRoot(options: InverseSquareRootOptions = {}): Schedule {
  const { from, steps } = withDefaults("inverseSquareRoot", options, inverseSquareRootDefaults);
  requireValue("inverseSquareRoot", "from", from);
  requireInteger("inverseSquareRoot", "steps", steps, 1);
  return (step, dtype = "float32") => {
    const time = np.maximum(step.astype(dtype).add(1), steps);
    return valueAs(from, dtype).mul(np.sqrt(np.divide(steps, time)));
  };
}

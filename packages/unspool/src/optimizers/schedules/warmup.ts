/**
 * Warm-up of any schedule (Goyal et al., arXiv 1706.02677, 2017): small steps while the large ones of big batches
 * would diverge. t counts from 1.
 *
 *     gradual:   of(t) · min(1, t / steps)
 *     constant:  of(t) · (t ≤ steps ? part : 1)
 */
import { np } from "../../array/index.ts";
import { requireInteger, requireOneOf } from "../../errors.ts";
import { asType, withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { type ScheduleValue, hasReached, requireValue, valueAs } from "./progress.ts";

export interface WarmupOptions {
  /** The schedule that is warmed up, or a value that does not change. Default 0.01. */
  of?: Schedule | ScheduleValue;
  /** Steps of the warm-up. Default 100. */
  steps?: number;
  /** "gradual" in a line, or "constant". Default "gradual". */
  shape?: "gradual" | "constant";
  /** Factor of a constant warm-up. Default 0.1. */
  part?: ScheduleValue;
}

export const warmupDefaults: Required<WarmupOptions> = { of: 0.01, steps: 100, shape: "gradual", part: 0.1 };

/**
 * A schedule with a gentle start. It counts from the first step: what it gives at the end of the warm-up is what it
 * gives without one.
 *
 * @example
 * const rate = warmup({ of: cosineDecay({ from: 0.4, steps: 5000 }), steps: 500 });
 */
export function warmup(options: WarmupOptions = {}): Schedule {
  const { of, steps, shape, part } = withDefaults("warmup", options, warmupDefaults);
  if (typeof of !== "function")
    requireValue("warmup", "of", of, undefined, "a schedule, a number or a tensor");
  requireInteger("warmup", "steps", steps, 1);
  requireOneOf("warmup", "shape", shape, ["gradual", "constant"]);
  requireValue("warmup", "part", part);
  return (step, dtype = "float32") => {
    const value = typeof of === "function" ? asType(of(step, dtype), dtype) : valueAs(of, dtype);
    const factor =
      shape === "gradual"
        ? np.minimum(step.astype(dtype).add(1).div(steps), 1)
        : np.where(hasReached(step, steps), 1, valueAs(part, dtype));
    return value.mul(factor);
  };
}

/**
 * A staircase.
 *
 *     values[i]   from step boundaries[i - 1] up to step boundaries[i]
 */
import { np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Schedule } from "../optimizer.ts";
import { type ScheduleValue, hasReached, requireBoundaries, requireValue, valueAs } from "./progress.ts";

export interface PiecewiseConstantOptions {
  /** One more than boundaries. Default [0.01]. */
  values?: readonly ScheduleValue[];
  /** First steps of the second and further values, increasing. Default []. */
  boundaries?: readonly number[];
}

export const piecewiseConstantDefaults: Required<PiecewiseConstantOptions> = {
  values: [0.01],
  boundaries: [],
};

/**
 * Constant between boundaries.
 *
 * @example
 * const learningRate = piecewiseConstant({ values: [0.1, 0.01, 0.001], boundaries: [60, 120] });
 */
export function piecewiseConstant(options: PiecewiseConstantOptions = {}): Schedule {
  const { values, boundaries } = withDefaults("piecewiseConstant", options, piecewiseConstantDefaults);
  if (values.length === 0) throw new OptionError("piecewiseConstant", "values", values, "at least one value");
  values.forEach((value, i) => requireValue("piecewiseConstant", `values[${i}]`, value));
  requireBoundaries("piecewiseConstant", boundaries, values.length);
  return (step, dtype = "float32") =>
    boundaries.reduce(
      (value, boundary, i) => np.where(hasReached(step, boundary), valueAs(values[i + 1]!, dtype), value),
      valueAs(values[0]!, dtype),
    );
}

/** Options of variances and standard deviations. */
import { OptionError } from "../errors.ts";
import type { ReduceOptions } from "./tensor.ts";

export interface VarianceOptions extends ReduceOptions {
  /** Taken off the number of elements. Default 0; 1 gives the unbiased estimate. */
  correction?: number;
  /** NumPy's older name of `correction`. */
  ddof?: number;
}

/** The one of two names for what is taken off the number of elements. */
export function correctionOf(where: string, { correction, ddof }: VarianceOptions): number {
  if (correction !== undefined && ddof !== undefined && correction !== ddof) {
    throw new OptionError(where, "ddof", ddof, `left out beside correction ${correction}, which is the same`);
  }
  const given: unknown = correction ?? ddof ?? 0;
  if (typeof given !== "number") throw new OptionError(where, "correction", given, "a number, 0 or 1 mostly");
  return given;
}

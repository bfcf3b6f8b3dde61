/**
 * What others must know of an estimator besides how it is made. Each trait stands on the estimator's line in
 * `registry.ts`; diagnosis, comparison, figures and the conformance suite decide by traits, never by names.
 */

/** Closed forms of an estimator's variance on linear systems with quadratic loss (`conformance/derivatives.ts`). */
export type VarianceLaw = "zero" | "truncated" | "persistent" | "analytic" | "noiseReuse";

/** Ends of trajectories other than all at once: apart by even distances, at random, or after random lengths. */
export type ResetKind = "staggered" | "random-offset" | "random-length";

export interface EstimatorTraits {
  /** "es": losses only. "reverse", "forward": needs a differentiable problem. "mixed": both. */
  readonly kind: "es" | "reverse" | "forward" | "mixed";
  /** Whether its mean is the gradient of the (smoothed) objective over whole trajectories at fixed theta. */
  readonly isUnbiased: boolean;
  /** Estimates whole trajectories, so it needs a finite horizon and ignores `truncation`. */
  readonly isWhole: boolean;
  /** Draws no random numbers of its own: where the problem draws none, one estimate says all. Default false. */
  readonly isDeterministic?: boolean;
  /** Its gradient is that of the losses of all "steps" (default), or of the "final" loss of a trajectory. */
  readonly objective?: "steps" | "final";
  /** Of an estimator for the losses of all steps: the one that does for the final loss what it does. Default: none. */
  readonly finalCounterpart?: string;
  /** Inner steps of one estimate for each step of its window: `perUnit` for each pair (or task), and `shared` once. */
  readonly cost: { readonly perUnit: number; readonly shared?: number };
  /** The truncation must divide a finite horizon. Default false. */
  readonly needsDivisor?: boolean;
  /** Numbers in theta above which it is tried only if it is named: its cost grows with them. Default: any number. */
  readonly largestTheta?: number;
  /** How trajectories may end besides all at once. Default: in no other way. */
  readonly resets?: readonly ResetKind[];
  /** All that sigma does is to scale its noise and, by 1 / sigma², its gradient. Default false. */
  readonly scalesWithSigma?: boolean;
  /**
   * Of estimators that reach equal losses in trial runs the one with the least preference is recommended. Default:
   * diagnosis does not try it.
   */
  readonly preference?: number;
  /** Where a kind is recommended, and not by trial runs, it is this one for this horizon. Default: for none. */
  readonly standsFor?: "finite" | "endless";
  /** Of one pair or task, over the windows of a trajectory. Default: the conformance suite does not check it. */
  readonly variance?: VarianceLaw;
}

/** Inner steps of one estimate of `units` pairs or tasks over `steps` inner steps. */
export function innerStepsOf({ cost }: EstimatorTraits, units: number, steps: number): number {
  return (cost.perUnit * units + (cost.shared ?? 0)) * steps;
}

/** Whether it can work on a problem, and in reasonable time. */
export function suitsProblem(
  { kind, largestTheta = Infinity }: EstimatorTraits,
  { isDifferentiable, thetaSize }: { isDifferentiable: boolean; thetaSize: number },
): boolean {
  return (kind === "es" || isDifferentiable) && thetaSize <= largestTheta;
}

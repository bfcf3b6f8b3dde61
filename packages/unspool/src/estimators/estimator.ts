/** The interface of gradient estimators. */
import type { Key, Tensor, Tree } from "../array/index.ts";
import type { ErasedProblem, Executor, ForwardProgram, UnitChange } from "../unroll/index.ts";

/** State is data: tensors, numbers, strings and null in records and arrays, so that it can be saved as it is. */
export type StateData =
  Tree | number | string | boolean | null | readonly StateData[] | { readonly [name: string]: StateData };

export interface Estimate<Theta, State> {
  /** The objective at `theta` as this call saw it, averaged over particles. */
  loss: number;
  /** Concrete tensors in the structure, shapes and dtypes of `theta`. */
  gradient: Theta;
  state: State;
  metrics: EstimateMetrics;
  /** What else the estimator says of it; no part of the state. */
  info?: object;
}

/** An estimate from antithetic pairs. */
export interface PairEstimate<Theta, State> extends Estimate<Theta, State> {
  /** Of each pair; only where the estimator's option `keepsPairs` asks for it. */
  info?: PairInfo<Theta>;
}

/** An estimator from antithetic pairs. */
export interface PairEstimator<Theta = unknown, State = unknown> extends GradientEstimator<Theta, State> {
  estimate(theta: Theta, state: State, key: Key): PairEstimate<Theta, State>;
}

/** What each pair says for itself: the estimate's `gradient` is the mean of `gradients`. */
export interface PairInfo<Theta> {
  /** Of the members at theta + eps and theta - eps, in the units of the objective: float64 [pairs, 2]. */
  losses: Tensor;
  /** In the structure of theta: float64 [pairs, …]. */
  gradients: Theta;
}

export interface EstimateMetrics {
  /** Inner steps computed by this call, over all particles. */
  innerSteps: number;
  /** Standard deviation over pairs of the difference of the two losses of a pair. ES types only. */
  lossDifferenceStd?: number;
  /** Particles whose loss was not finite and was left out (`nanPolicy: "zero"`). */
  nonFinite?: number;
}

/** What happens in one estimate, in the terms of an executor, so that several can be one program. */
export interface Recurrence<Shared = unknown, Unit = unknown, Mean = unknown> {
  readonly executor: Executor;
  readonly window: ForwardProgram<Shared, Unit, unknown, unknown, unknown, Mean>;
  readonly restart?: UnitChange<Shared, Unit>;
  readonly settle?: UnitChange<Shared, Unit>;
  /** Inner steps of one estimate. */
  readonly innerSteps: number;
  units(state: unknown): Unit;
  /** Estimates made. */
  estimates(state: unknown): number;
  next(state: unknown, units: Unit, windows: number): unknown;
  /** Traced: what units share. `window` (int32 scalar) counts estimates. */
  share(theta: unknown, key: Key, window: Tensor): Shared;
  /** Traced: loss, gradient and metrics from means over units. */
  summary(mean: Mean, theta: unknown): { loss: Tensor; gradient: unknown; metrics: Record<string, Tensor> };
}

/** What an estimator or a search was made of: others are made of it, to be compared with. */
export interface MadeFor {
  readonly problem: ErasedProblem;
  /** Options by name, as `createEstimator` takes them. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Estimates d loss / d theta for a computation that runs in a loop. Pure: the same theta, state and key give the
 * same bits, for any number of threads.
 */
export interface GradientEstimator<Theta = unknown, State = unknown> {
  readonly name: string;
  /** Where it is of the losses of one inner problem's steps. */
  readonly madeFor?: MadeFor;
  init(theta: Theta, key: Key): State;
  estimate(theta: Theta, state: State, key: Key): Estimate<Theta, State>;
  /** Where an estimate is one window of units; absent otherwise. */
  readonly recurrence?: Recurrence;
  /**
   * Instead of `recurrence`, where that depends on the state: the one of the next `estimates` estimates. Undefined where
   * the next one has to be made by `estimate`.
   */
  recurrenceAt?(state: State): { recurrence: Recurrence; estimates: number } | undefined;
}

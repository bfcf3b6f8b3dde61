/** What a user says of an estimator, and what the checks make of it. */
import { type Tensor, np } from "../array/index.ts";
import { requireInteger, requireOneOf, requirePositive } from "../errors.ts";
import type { GradientEstimator, VarianceLaw } from "../estimators/index.ts";
import type { Problem, ResetPolicy } from "../unroll/index.ts";
import type { Declared } from "./check.ts";
import { type Objective, type WindowDerivatives, truncated, unbiased, varianceLaws } from "./derivatives.ts";

/** What a check asks of the estimator that it has made. */
export interface EstimatorRequest {
  /** Inner steps per estimate. An estimator of whole trajectories leaves it aside. */
  truncation: number;
  /** Antithetic pairs, or trajectories of a method with derivatives: what an estimate averages over. */
  particles: number;
  /** The suite compares with sums over the steps of a window, not with means. */
  objective: "sum";
  resets: ResetPolicy;
}

export interface EstimatorSubject extends Declared {
  /** Makes the estimator for a problem. What the request does not set (sigma, …) is yours to choose. */
  create<Theta, State, Batch>(
    problem: Problem<Theta, State, Batch>,
    request: EstimatorRequest,
  ): GradientEstimator<Theta>;
  /**
   * Expectation of the estimate of each window: `unbiased` (default) and `truncated` (the incoming state is taken as
   * given), or a function of the derivatives of each window's loss with respect to the theta used in each window.
   */
  expectation?: "unbiased" | "truncated" | ((derivatives: WindowDerivatives) => number[][]);
  /**
   * Trace of the covariance, for one particle, of the sum over the windows of one trajectory: a known law by name, or a
   * function. Default: not checked.
   */
  variance?: VarianceLaw | ((derivatives: WindowDerivatives) => number);
  /** "sum" (default): of the losses of all steps. "final": of the problem's `finalLoss`, in differences over windows. */
  objective?: Objective;
  /** One estimate is one trajectory. Default false: one window. */
  isWhole?: boolean;
  /** Policies besides "lockstep" that the estimator takes. Default: none. Lengths in records: 2 to 5. */
  resets?: readonly ResetPolicy[];
  /** The value of `metrics.innerSteps` for `particles` and inner steps per estimate. Default: any positive integer. */
  innerSteps?: (particles: number, steps: number) => number;
  /** Independent runs of each statistical check. Default 64. */
  replicates?: number;
  /** Particles of each of them. Default 128. */
  particles?: number;
  /** Standard errors that a mean or variance may be off. Default 4. */
  limit?: number;
  /** Default 0. */
  seed?: number;
}

/** A subject with its defaults. */
export interface CheckedSubject extends Required<
  Omit<EstimatorSubject, "expectation" | "variance" | "innerSteps" | "placeOf">
> {
  expectation: (derivatives: WindowDerivatives) => number[][];
  isUnbiased: boolean;
  variance: ((derivatives: WindowDerivatives) => number) | undefined;
  innerSteps: EstimatorSubject["innerSteps"];
}

/** A subject with its defaults, checked. */
export function checkedSubject(subject: EstimatorSubject): CheckedSubject {
  const where = "estimatorConformance";
  const {
    expectation = "unbiased",
    variance,
    objective = "sum",
    replicates = 64,
    particles = 128,
    limit = 4,
  } = subject;
  if (typeof expectation === "string")
    requireOneOf(where, "expectation", expectation, ["unbiased", "truncated"]);
  if (typeof variance === "string") requireOneOf(where, "variance", variance, Object.keys(varianceLaws));
  requireOneOf(where, "objective", objective, ["sum", "final"]);
  requireInteger(where, "replicates", replicates, 8);
  requireInteger(where, "particles", particles, 2);
  requirePositive(where, "limit", limit);
  const named = { unbiased, truncated };
  return {
    name: subject.name,
    create: (problem, request) => subject.create(problem, request),
    expectation: typeof expectation === "string" ? named[expectation] : expectation,
    isUnbiased: expectation === "unbiased",
    variance: typeof variance === "string" ? varianceLaws[variance] : variance,
    innerSteps: subject.innerSteps,
    objective,
    isWhole: subject.isWhole ?? false,
    resets: subject.resets ?? [],
    replicates,
    particles,
    limit,
    seed: subject.seed ?? 0,
  };
}

/** The estimator of a check. */
export function createFor<Theta>(
  subject: CheckedSubject,
  problem: Problem<Theta, unknown, unknown>,
  request: Partial<EstimatorRequest> = {},
): GradientEstimator<Theta> {
  return subject.create(problem, {
    truncation: 2,
    particles: 4,
    objective: "sum",
    resets: "lockstep",
    ...request,
  });
}

/** Inner steps of one estimate on a problem. */
export function stepsPerEstimate({ isWhole }: CheckedSubject, horizon: number, truncation: number): number {
  return isWhole ? horizon : truncation;
}

export function vector(values: readonly number[], dtype: "float32" | "float64" = "float64"): Tensor {
  return np.array([...values], { dtype });
}

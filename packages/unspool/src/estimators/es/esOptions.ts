/** Options of antithetic pairs, which all evolution-strategy estimators share, and what they come to when checked. */
import { OptionError, requireInteger, requireOneOf, requirePositive } from "../../errors.ts";
import {
  type ErasedProblem,
  type Executor,
  type ResetPolicy,
  type WindowOptions,
  type WindowPlan,
  changingState,
  executorFor,
  requireProblem,
  windowPlan,
} from "../../unroll/index.ts";
import type { MadeFor } from "../estimator.ts";
import { requireUnits } from "../unitMemory.ts";
import { type LossDifference, requireLossDifference } from "./lossDifference.ts";
import { type Noise, gaussian, ownNoise } from "./noise.ts";

export interface EsOptions extends WindowOptions {
  /** Standard deviation of the perturbations. Default 0.01. */
  sigma?: number;
  /** Antithetic pairs, N: 2N particles. Default 16. */
  pairs?: number;
  /** Gradient of the sum over the steps of a window, or of their mean. Default "mean". */
  objective?: "sum" | "mean";
  /**
   * The gradient times 2 sigma, divided by the standard deviation of the 2N losses of the estimate: a learning rate then
   * means the same for losses of any scale (Mania, Guy, Recht 2018; the control experiments of Vicol et al. 2021).
   * Default false.
   */
  isDividedByStd?: boolean;
  /**
   * What of L+ - L- counts: "all" (default), `{ signTimes: c }`, its sign times c, or `{ clippedAt: c }`, what lies within ±c;
   * c in the units of the objective. See `LossDifference`.
   */
  differences?: LossDifference;
  /** Estimates have `info`: the losses and the gradient of each pair. Costs pairs · P numbers. Default false. */
  keepsPairs?: boolean;
  /** A pair with a loss that is not finite: an error (default), or left out of the average as 0. */
  nanPolicy?: "error" | "zero";
  /** Initial states and data per pair (default), or the same for all pairs. */
  trajectories?: "independent" | "common";
  /** Replaces the Gaussian: for other distributions, and for tests. Must be symmetric with variance sigma². */
  noise?: Noise;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

/** Options of pairs that are weighted by something else than the difference of their losses too. */
export const pairOptionNames = [
  "sigma",
  "pairs",
  "objective",
  "isDividedByStd",
  "nanPolicy",
  "trajectories",
  "noise",
  "executor",
] as const;

/** Names of `FullEsOptions`. */
export const wholeOptionNames: readonly Exclude<keyof EsOptions, "truncation" | "resets">[] = [
  ...pairOptionNames,
  "differences",
  "keepsPairs",
];

/** Names of `EsOptions`. */
export const esOptionNames: readonly (keyof EsOptions)[] = [...wholeOptionNames, "truncation", "resets"];

/** Of the losses of a trajectory's steps: their sum, the least, the last; or the problem's `finalLoss` instead of them. */
export type StepLosses = "sum" | "minimum" | "last" | "final";

/** Checked options. */
export interface EsSettings {
  name: string;
  problem: ErasedProblem;
  plan: WindowPlan;
  sigma: number;
  pairs: number;
  objective: "sum" | "mean";
  /** 1 for "sum", 1 / truncation for "mean". */
  lossScale: number;
  isDividedByStd: boolean;
  differences: LossDifference;
  keepsPairs: boolean;
  /** What becomes of the losses of a window's steps. */
  over: StepLosses;
  nanPolicy: "error" | "zero";
  isCommon: boolean;
  noise: Noise;
  /** sigma, if the noise is Gaussian with that; what another noise makes of it is its own affair. */
  gaussianSigma: number | undefined;
  executor: Executor;
}

/** `over` is not "sum" only where a window is a trajectory; `objective` is then left aside. */
export function esSettings(
  name: string,
  problem: ErasedProblem,
  options: EsOptions,
  over: StepLosses = "sum",
): EsSettings {
  const {
    sigma = 0.01,
    pairs = 16,
    objective = "mean",
    nanPolicy = "error",
    trajectories = "independent",
    differences = "all",
  } = options;
  requireProblem(name, problem);
  requirePositive(name, "sigma", sigma, "Typical values are 0.001 to 1.");
  requireInteger(name, "pairs", pairs, 1);
  requireUnits(name, "pairs", pairs);
  requireOneOf(name, "objective", objective, ["sum", "mean"]);
  requireLossDifference(name, differences);
  requireOneOf(name, "nanPolicy", nanPolicy, ["error", "zero"]);
  requireOneOf(name, "trajectories", trajectories, ["independent", "common"]);
  const plan = windowPlan(name, problem.horizon, options);
  if (trajectories === "common" && plan.resets !== "lockstep") {
    throw new OptionError(name, "trajectories", trajectories, '"independent" unless resets is "lockstep"');
  }
  return {
    name,
    problem: changingState(problem),
    plan,
    sigma,
    pairs,
    objective,
    lossScale: objective === "sum" || over !== "sum" ? 1 : 1 / plan.truncation,
    isDividedByStd: options.isDividedByStd ?? false,
    differences,
    keepsPairs: options.keepsPairs ?? false,
    over,
    nanPolicy,
    isCommon: trajectories === "common",
    noise: ownNoise(options.noise ?? gaussian(sigma)),
    gaussianSigma: options.noise === undefined ? sigma : undefined,
    executor: executorFor(problem, options.executor),
  };
}

/** What `compare` and `diagnose` make other estimators of; none where the objective is not of the sum of the steps' losses. */
export function madeForPairs(settings: EsSettings): { madeFor?: MadeFor } {
  const { problem, plan, over, sigma, pairs, objective, noise, gaussianSigma } = settings;
  if (over !== "sum") return {};
  const { isDividedByStd, nanPolicy, isCommon, differences } = settings;
  const options = {
    ...{ sigma, pairs, isDividedByStd, nanPolicy, differences },
    objective,
    trajectories: isCommon ? "common" : "independent",
    ...windowsOf(plan, problem),
    ...(gaussianSigma === undefined && { noise }),
  };
  return { madeFor: { problem: problem.whole?.problem ?? problem, options } };
}

/** The windows; those of an estimator of whole trajectories are none to others. */
export function windowsOf(
  { truncation, resets }: WindowPlan,
  { horizon }: ErasedProblem,
): { truncation?: number; resets?: ResetPolicy } {
  return truncation === horizon ? {} : { truncation, resets };
}

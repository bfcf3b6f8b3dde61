/** Options of antithetic pairs, which all evolution-strategy estimators share, and what they come to when checked. */
import { OptionError, requireInteger, requireOneOf, requirePositive } from "../../errors.ts";
import {
  type ErasedProblem,
  type Executor,
  type WindowOptions,
  type WindowPlan,
  executorFor,
  requireProblem,
  windowPlan,
} from "../../unroll/index.ts";
import { requireUnits } from "../unitMemory.ts";
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
  /** A pair with a loss that is not finite: an error (default), or left out of the average as 0. */
  nanPolicy?: "error" | "zero";
  /** Initial states and data per pair (default), or the same for all pairs. */
  trajectories?: "independent" | "common";
  /** Replaces the Gaussian: for other distributions, and for tests. Must be symmetric with variance sigma². */
  noise?: Noise;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

/** Names of `FullEsOptions`. */
export const wholeOptionNames = [
  "sigma",
  "pairs",
  "objective",
  "isDividedByStd",
  "nanPolicy",
  "trajectories",
  "noise",
  "executor",
] as const;

/** Names of `EsOptions`. */
export const esOptionNames: readonly (keyof EsOptions)[] = [...wholeOptionNames, "truncation", "resets"];

/** Checked options. */
export interface EsSettings {
  name: string;
  problem: ErasedProblem;
  plan: WindowPlan;
  sigma: number;
  pairs: number;
  /** 1 for "sum", 1 / truncation for "mean". */
  lossScale: number;
  isDividedByStd: boolean;
  nanPolicy: "error" | "zero";
  isCommon: boolean;
  noise: Noise;
  /** sigma, if the noise is Gaussian with that; what another noise makes of it is its own affair. */
  gaussianSigma: number | undefined;
  executor: Executor;
}

export function esSettings(name: string, problem: ErasedProblem, options: EsOptions): EsSettings {
  const {
    sigma = 0.01,
    pairs = 16,
    objective = "mean",
    nanPolicy = "error",
    trajectories = "independent",
  } = options;
  requireProblem(name, problem);
  requirePositive(name, "sigma", sigma, "Typical values are 0.001 to 1.");
  requireInteger(name, "pairs", pairs, 1);
  requireUnits(name, "pairs", pairs);
  requireOneOf(name, "objective", objective, ["sum", "mean"]);
  requireOneOf(name, "nanPolicy", nanPolicy, ["error", "zero"]);
  requireOneOf(name, "trajectories", trajectories, ["independent", "common"]);
  const plan = windowPlan(name, problem.horizon, options);
  if (trajectories === "common" && plan.resets !== "lockstep") {
    throw new OptionError(name, "trajectories", trajectories, '"independent" unless resets is "lockstep"');
  }
  return {
    name,
    problem,
    plan,
    sigma,
    pairs,
    lossScale: objective === "sum" ? 1 : 1 / plan.truncation,
    isDividedByStd: options.isDividedByStd ?? false,
    nanPolicy,
    isCommon: trajectories === "common",
    noise: ownNoise(options.noise ?? gaussian(sigma)),
    gaussianSigma: options.noise === undefined ? sigma : undefined,
    executor: executorFor(problem, options.executor),
  };
}

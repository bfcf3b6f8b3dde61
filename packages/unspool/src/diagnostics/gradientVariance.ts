/**
 * Variance of two estimates of the gradient of the same smoothed objective, E L(theta + eps) with Gaussian eps:
 *
 *     reparameterised (RP):  ∇L(theta + eps)                                     grows as exp(2 lambda_1 T)
 *     black-box (ES):        eps L(theta + eps) / sigma²   (plain)
 *                            eps (L(theta + eps) - L(theta - eps)) / (2 sigma²)  (antithetic)      bounded in T
 *
 * Metz, Freeman, Schoenholz and Kachman 2021; Parmas, Rasmussen, Peters and Doya 2018. Measured from the same
 * perturbations, at several horizons of one pass.
 */
import { type Key, random, tree } from "../array/index.ts";
import {
  OptionError,
  requireInteger,
  requireOneOf,
  requirePositive,
  requireKnownOptions,
} from "../errors.ts";
import { type Executor, type Problem, defaultExecutor } from "../unroll/index.ts";
import {
  type Objective,
  type SampleRequest,
  perturbations,
  perturbedGradients,
  perturbedLosses,
} from "./perturbedSamples.ts";
import { differentiated, requireSteps } from "./pushforward.ts";
import { reverseGradients } from "./reverseGradients.ts";
import { type SampleStatistics, sampleStatistics } from "../numerics/index.ts";

export interface GradientVarianceOptions {
  /** Source of perturbations and of the trajectories' keys. Default `random.key(0)`. */
  key?: Key;
  /** Steps of the objectives that are compared. Default: T/16, T/8, …, T of the horizon (or of 1000). */
  horizons?: readonly number[];
  /** Standard deviation of the perturbations. Default 0.01. */
  sigma?: number;
  /** Perturbations, at least 2. Default 64. */
  samples?: number;
  /** The mean or sum of the losses up to the horizon, or the last of them. Default "mean". */
  objective?: Objective;
  /** Initial states and data per sample (default), or the same for all: then only theta is perturbed. */
  trajectories?: "independent" | "common";
  /** Forward mode costs |theta| jvps per step, reverse mode one pass per horizon. Default: forward up to 64 numbers. */
  mode?: "forward" | "reverse";
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface EstimateSpread extends SampleStatistics {
  /** Inner steps of one sample. A gradient costs about two to three times as much per step as a loss. */
  innerSteps: number;
}

export interface HorizonVariance {
  horizon: number;
  /** Reparameterised: the derivative at theta + eps. */
  rp: EstimateSpread;
  /** Plain evolution strategies. */
  es: EstimateSpread;
  /** Antithetic evolution strategies. Varies by less than any other at a minimum, where both losses are the same. */
  esAntithetic: EstimateSpread;
  /** Plain ones with the mean loss of the samples as baseline. */
  esCentred: EstimateSpread;
}

export interface GradientVarianceResult {
  horizons: HorizonVariance[];
  /**
   * The first horizon at which the variance of RP exceeds that of antithetic ES (their costs are about equal: forward and
   * backward against two forward); undefined if none does.
   */
  crossover: number | undefined;
  sigma: number;
  samples: number;
  mode: "forward" | "reverse";
}

/** Largest theta that is differentiated in forward mode. */
const largestForward = 64;

/**
 * Measures both variances. Cost: `samples` times the longest horizon, for the losses twice, and for the gradients as
 * `mode` says.
 *
 * @example
 * const { horizons, crossover } = gradientVariance(problem, theta, { horizons: [10, 100, 1000], sigma: 0.01 });
 */
export function gradientVariance<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: GradientVarianceOptions = {},
): GradientVarianceResult {
  requireKnownOptions("gradientVariance", options, [
    "key",
    "horizons",
    "sigma",
    "samples",
    "objective",
    "trajectories",
    "mode",
    "executor",
  ]);
  const where = "gradientVariance";
  const {
    key = random.key(0),
    sigma = 0.01,
    samples = 64,
    objective = "mean",
    trajectories = "independent",
  } = options;
  const { erased, wide } = differentiated(where, problem, theta, key);
  requirePositive(where, "sigma", sigma, "Typical values are 0.001 to 1.");
  requireInteger(where, "samples", samples, 2);
  requireOneOf(where, "objective", objective, ["mean", "sum", "last"]);
  requireOneOf(where, "trajectories", trajectories, ["independent", "common"]);
  const horizons = (options.horizons ?? fractions(Math.min(problem.horizon, 1000))).toSorted((a, b) => a - b);
  if (horizons.length === 0) throw new OptionError(where, "horizons", horizons, "a list of at least one");
  for (const horizon of horizons) requireSteps(where, "horizons", horizon, erased);
  const size = tree.size(wide);
  const mode = options.mode ?? (size <= largestForward ? "forward" : "reverse");
  requireOneOf(where, "mode", mode, ["forward", "reverse"]);

  const request: SampleRequest = {
    problem: erased,
    theta: wide,
    key,
    horizons,
    sigma,
    samples,
    objective,
    isCommon: trajectories === "common",
    executor: options.executor ?? defaultExecutor(),
  };
  const eps = perturbations(request);
  const losses = perturbedLosses(request, eps);
  const gradients = (mode === "forward" ? perturbedGradients : reverseGradients)(request, eps);
  const count = horizons.length;
  const spreadOf = (
    innerSteps: number,
    value: (sample: number, coordinate: number) => number,
  ): EstimateSpread => {
    const all = Float64Array.from({ length: samples * size }, (_, at) =>
      value(Math.floor(at / size), at % size),
    );
    return { ...sampleStatistics(all, samples), innerSteps };
  };
  const found = horizons.map((horizon, h): HorizonVariance => {
    const loss = (i: number, member: 0 | 1): number => losses[(2 * i + member) * count + h]!;
    const shift = (i: number, j: number): number => eps.data[i * size + j]!;
    const baseline = Array.from({ length: samples }, (_, i) => loss(i, 0) / samples).reduce((a, b) => a + b);
    return {
      horizon,
      rp: spreadOf(horizon, (i, j) => gradients[(i * count + h) * size + j]!),
      es: spreadOf(horizon, (i, j) => (shift(i, j) * loss(i, 0)) / sigma ** 2),
      esAntithetic: spreadOf(
        2 * horizon,
        (i, j) => (shift(i, j) * (loss(i, 0) - loss(i, 1))) / (2 * sigma ** 2),
      ),
      esCentred: spreadOf(horizon, (i, j) => (shift(i, j) * (loss(i, 0) - baseline)) / sigma ** 2),
    };
  });
  const crossed = found.find(({ rp, esAntithetic }) => rp.totalVariance > esAntithetic.totalVariance);
  return { horizons: found, crossover: crossed?.horizon, sigma, samples, mode };
}

/** T/16, T/8, …, T, without repetition. */
function fractions(longest: number): number[] {
  return [...new Set([16, 8, 4, 2, 1].map((part) => Math.max(1, Math.round(longest / part))))];
}

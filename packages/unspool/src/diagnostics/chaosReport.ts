/**
 * Everything that says whether to backpropagate through a loop, measured at one theta: exponents, spectra of single
 * steps, growth of gradients, variances of both kinds of estimate, a slice of the loss; and a verdict.
 *
 * Metz, Freeman, Schoenholz and Kachman 2021, "Gradients are not all you need".
 */
import { type Key, random } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { type Executor, type Problem, defaultExecutor, eraseProblem } from "../unroll/index.ts";
import { type ChaosVerdict, chaosVerdict } from "./chaosVerdict.ts";
import { type DerivativeMismatch, derivativeMismatch } from "./derivativeMismatch.ts";
import { type GradientGrowthResult, gradientGrowth } from "./gradientGrowth.ts";
import { type GradientVarianceResult, gradientVariance } from "./gradientVariance.ts";
import { type LossSliceResult, lossSlice } from "./lossSlice.ts";
import { type LyapunovResult, lyapunov } from "./lyapunov.ts";
import { requireSteps } from "./pushforward.ts";
import { stateJacobians } from "./stateJacobian.ts";
import { type StepSpectrum, stepSpectra } from "./stepSpectra.ts";

export interface ChaosReportOptions {
  /** Default `random.key(0)`. */
  key?: Key;
  /** Steps of the unroll that is judged, T. Default: the problem's horizon, or 1000. */
  horizon?: number;
  /** Standard deviation of the perturbations of theta. Default 0.01. */
  sigma?: number;
  /** Perturbations for the variances. Default 64. */
  samples?: number;
  /** Trajectories for exponents and growth. Default 4. */
  trials?: number;
  /** Exponents. Default: 4, or the size of the state if that is smaller. */
  exponents?: number;
  /** Time per step, for exponents per unit of time. Default 1. */
  dt?: number;
  /** Radius of the slice. Default 3 sigma. */
  radius?: number;
  /** Points of the slice. Default 101. */
  points?: number;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface ChaosReport<Theta> {
  horizon: number;
  /**
   * lambda_1 T: the logarithm of the growth that the largest exponent makes of the horizon. Over a short horizon it
   * depends on the units of the state; the verdict does not rest on it.
   */
  logGrowth: number;
  lyapunov: LyapunovResult;
  /** Of single steps, at 8 times along the trajectory; none for states of more than 200 numbers. */
  spectra: StepSpectrum[];
  growth: GradientGrowthResult;
  variance: GradientVarianceResult;
  slice: LossSliceResult<Theta>;
  mismatch: DerivativeMismatch;
  verdict: ChaosVerdict;
}

/** Largest state whose step spectra are computed. */
const largestSpectrum = 200;
const spectrumTimes = 8;
/** Steps for the exponents of a loop without end. */
const leastSteps = 2000;

/**
 * Measures and judges. Cost: about (4 trials + 3 samples) unrolls and |theta| derivatives of `samples` unrolls (see
 * `gradientVariance`), plus the points of the slice.
 *
 * @example
 * const { verdict } = chaosReport(problem, theta, { horizon: 200, sigma: 0.01 });
 * console.log(verdict.summary.join("\n"));
 */
export function chaosReport<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  options: ChaosReportOptions = {},
): ChaosReport<Theta> {
  requireKnownOptions("chaosReport", options, [
    "key",
    "horizon",
    "sigma",
    "samples",
    "trials",
    "exponents",
    "dt",
    "radius",
    "points",
    "executor",
  ]);
  const { key = random.key(0), sigma = 0.01, samples = 64, trials = 4, dt = 1, points = 101 } = options;
  const horizon = options.horizon ?? Math.min(problem.horizon, 1000);
  const executor = options.executor ?? defaultExecutor();
  requireSteps("chaosReport", "horizon", horizon, eraseProblem(problem));
  requireInteger("chaosReport", "points", points, 2);
  const common = { key, executor };
  const isEndless = problem.horizon === Infinity;
  const found = {
    lyapunov: lyapunov(problem, theta, {
      ...common,
      trials,
      dt,
      steps: isEndless ? Math.max(horizon, leastSteps) : horizon,
      ...(options.exponents !== undefined && { exponents: options.exponents }),
    }),
    growth: gradientGrowth(problem, theta, { ...common, trials, steps: horizon }),
    variance: gradientVariance(problem, theta, { ...common, sigma, samples, horizons: fractions(horizon) }),
    slice: lossSlice(problem, theta, {
      ...common,
      radius: options.radius ?? 3 * sigma,
      points,
      steps: horizon,
    }),
    mismatch: derivativeMismatch(problem, theta, { ...common, steps: horizon }),
  };
  const times = timesUpTo(horizon);
  const jacobians =
    found.lyapunov.stateSize > largestSpectrum ? [] : stateJacobians(problem, theta, { ...common, times });
  const { spectra, warnings } = stepSpectra(jacobians, times);
  const logGrowth = found.lyapunov.exponents[0]! * dt * horizon;
  const verdict = chaosVerdict({ ...found, horizon, logGrowth, isEndless });
  return {
    horizon,
    logGrowth,
    ...found,
    spectra,
    verdict: { ...verdict, warnings: [...verdict.warnings, ...warnings] },
  };
}

/** T/16, T/8, …, T. */
function fractions(horizon: number): number[] {
  return [...new Set([16, 8, 4, 2, 1].map((part) => Math.max(1, Math.round(horizon / part))))];
}

/** Evenly spread from 0 to T - 1. */
function timesUpTo(horizon: number): number[] {
  const at = (i: number): number => Math.round((i * (horizon - 1)) / (spectrumTimes - 1));
  return [...new Set(Array.from({ length: spectrumTimes }, (_, i) => at(i)))];
}

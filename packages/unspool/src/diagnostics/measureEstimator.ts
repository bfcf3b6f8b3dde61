/** One estimator on one problem at fixed theta: moments of what it says of whole trajectories, and what that costs. */
import { type Key, tree } from "../array/index.ts";
import { explainProgram } from "../engine/index.ts";
import { OptionError } from "../errors.ts";
import type { ComparedEstimator, EstimatorOptions } from "../estimators/index.ts";
import { type Problem, freshExecutor } from "../unroll/index.ts";
import { type Moments, moments, vectorNorm } from "../numerics/index.ts";
import type { ReferenceGradient } from "./referenceGradient.ts";
import { trajectoryGradients } from "./trajectoryGradients.ts";

/** One estimator at one truncation. Vectors are [P], leaves of theta one after the other. */
export interface EstimatorMeasurement {
  /** As it was asked for. */
  name: string;
  /** In the registry. */
  estimator: string;
  truncation: number;
  mean: Float64Array;
  /** Of the mean; 0 for an estimator that draws nothing on a problem that draws nothing. */
  standardError: Float64Array;
  /** Mean less reference. */
  bias: Float64Array;
  /** Bias in standard errors (the estimator's and the reference's), no less than rounding; the largest, signed. */
  z: number;
  zs: Float64Array;
  /** Summed over coordinates, of one trajectory of all units. */
  variance: number;
  /** The same coordinate by coordinate. */
  variances: Float64Array;
  /** Of that variance; of heavy tails it says too little. */
  varianceError: number;
  /** Largest share of one sample in the squared deviations; see `isHeavyTailed`. */
  largestShare: number;
  /** Standard deviation of the perturbations whose average the estimate is the gradient of; undefined for the loss itself. */
  smoothedBy: number | undefined;
  /** Squared bias and variance, likewise. */
  meanSquaredError: number;
  /** The same of an average over as many samples as one trajectory of all particles, 2 · pairs · horizon inner steps, pays for. */
  errorAtEqualCost: number;
  /** Its standard error. */
  errorAtEqualCostError: number;
  /** Between mean and reference. */
  cosine: number;
  /** Trajectories of all units. */
  samples: number;
  /** Inner steps of one sample, and of all. */
  innerStepsPerSample: number;
  innerSteps: number;
  /** Of all samples, without compilation. */
  seconds: number;
  /** Memory of its programs; undefined where they are not compiled ones. */
  bytes: number | undefined;
}

export interface MeasurementContext {
  problem: Problem;
  theta: unknown;
  options: EstimatorOptions & { objective: "sum" | "mean" };
  key: Key;
  innerSteps: number;
  reference: ReferenceGradient;
  isFixed: boolean;
}

/** Samples of an estimator beyond this many say nothing more about it. */
const mostSamples = 2000;
/** Standard errors below this share of the gradient are rounding. */
const rounding = { float32: 1e-5, float64: 1e-10 } as const;

/** Runs one estimator over whole trajectories. */
export function measureEstimator(
  context: MeasurementContext,
  name: string,
  entry: ComparedEstimator,
  at: number,
): EstimatorMeasurement {
  const { problem, theta, options, key, innerSteps, reference, isFixed } = context;
  if (entry.objective === "final") {
    throw new OptionError("compareEstimators", "estimators", name, "an estimator of the loss of all steps");
  }
  const { horizon } = problem;
  const drawsNothing = isFixed && entry.isDeterministic === true;
  const programs: { memoryBytes: number }[] = [];
  const estimator = entry.create(problem, {
    ...known(entry, { ...options, truncation: at, resets: "lockstep" }),
    ...tasksOf(entry, options, drawsNothing),
    executor: freshExecutor({ onCompile: ({ program }) => void programs.push(explainProgram(program)) }),
  });
  const windows = entry.isWhole ? 1 : horizon / at;
  const sum = moments(tree.size(theta));
  let [spent, milliseconds, perSample] = [0, 0, 0];
  const least = drawsNothing ? 2 : leastSamples;
  const most = drawsNothing ? 2 : mostSamples;
  // Many windows are one call: how many samples are wanted must be known before it where it can be.
  const stepsPerSample = windows * (estimator.recurrence?.innerSteps ?? 0);
  const affordable = stepsPerSample === 0 ? most : Math.floor(innerSteps / stepsPerSample);
  const samples = Math.max(least, Math.min(most, affordable));
  const run = { windows, isMean: options.objective === "mean", samples, key };
  for (const sample of trajectoryGradients(estimator, theta, run)) {
    sum.add(sample.gradient);
    spent += sample.innerSteps;
    milliseconds += sample.milliseconds;
    perSample = sample.innerSteps;
    if (sum.count >= least && spent + perSample > innerSteps) break;
  }
  const { biasError, ...measured } = against(reference, sum, rounding[tree.floatType(theta)]);
  const samplesAtEqualCost = (2 * (options.pairs ?? 16) * horizon) / perSample;
  const { sigma = 0.01 } = options;
  return {
    name,
    estimator: entry.name,
    truncation: entry.isWhole ? horizon : at,
    ...measured,
    smoothedBy: entry.options.includes("sigma") ? sigma : undefined,
    errorAtEqualCost: measured.meanSquaredError - measured.variance + measured.variance / samplesAtEqualCost,
    // Of the squared bias, twice the bias times its own error; of the variance, its error.
    errorAtEqualCostError: Math.hypot(
      2 * Math.sqrt(measured.meanSquaredError - measured.variance) * biasError,
      measured.varianceError / samplesAtEqualCost,
    ),
    samples: sum.count,
    innerStepsPerSample: perSample,
    innerSteps: spent,
    seconds: milliseconds / 1000,
    bytes:
      programs.length === 0 ? undefined : programs.reduce((all, { memoryBytes }) => all + memoryBytes, 0),
  };
}

const leastSamples = 8;

function known(entry: ComparedEstimator, options: EstimatorOptions): EstimatorOptions {
  return Object.fromEntries(
    Object.entries(options).filter(
      ([option, value]) => value !== undefined && (entry.options as readonly string[]).includes(option),
    ),
  );
}

/** As many tasks as the others have particles, unless all tasks would be the same. */
function tasksOf(entry: ComparedEstimator, options: EstimatorOptions, drawsNothing: boolean) {
  if (!entry.options.includes("tasks") || options.tasks !== undefined) return {};
  return { tasks: drawsNothing ? 1 : 2 * (options.pairs ?? 16) };
}

function against(reference: ReferenceGradient, sum: Moments, roundingShare: number) {
  const { mean } = sum;
  const size = Math.max(vectorNorm(reference.gradient), vectorNorm(mean));
  const variances = sum.variance();
  const standardError = sum.standardError();
  const bias = mean.map((value, i) => value - reference.gradient[i]!);
  const zs = bias.map(
    (value, i) =>
      value /
      Math.max(Math.hypot(standardError[i]!, reference.standardError[i]!), roundingShare * size, 1e-300),
  );
  const variance = total(variances);
  const { standardError: varianceError, largestShare } = sum.spread();
  // The squared bias of the measured mean is too large by the variances of both means.
  const chance =
    total(standardError.map((error) => error ** 2)) +
    total(reference.standardError.map((error) => error ** 2));
  return {
    mean: Float64Array.from(mean),
    standardError,
    bias,
    zs,
    z: zs.reduce((most, z) => (Math.abs(z) > Math.abs(most) ? z : most), 0),
    variance,
    variances,
    varianceError: variance === 0 ? 0 : varianceError,
    largestShare,
    biasError: Math.sqrt(chance),
    meanSquaredError: Math.max(0, vectorNorm(bias) ** 2 - chance) + variance,
    cosine:
      mean.reduce((dot, value, i) => dot + value * reference.gradient[i]!, 0) /
      (vectorNorm(mean) * vectorNorm(reference.gradient)),
  };
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

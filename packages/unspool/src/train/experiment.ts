/** What `train` runs: theta, a method, and what to measure and draw at the end. */
import { OptionError, requireKnownOptions } from "../errors.ts";
import type { Key } from "../array/index.ts";
import type { ComparedEstimator, EstimatorOptions } from "../estimators/index.ts";
import type { AnyEstimator, Method } from "../methods/index.ts";
import type { ComponentwiseOptimizer, Optimizer } from "../optimizers/index.ts";
import type { TaskFamily } from "../problems/index.ts";
import type { Problem } from "../unroll/index.ts";
import type { Figure } from "./figure.ts";
import type { Measure } from "./measurements.ts";

/** The part of a schema library (zod, valibot, …) that is needed here. `parse` throws on bad input. */
export interface Schema<Config> {
  parse(value: unknown): Config;
}

/** A named, runnable configuration of one paper figure or of a user's own problem. */
export interface Experiment<Config = unknown, Theta = unknown> {
  /** Kebab-case; also the first word after `unspool run`. */
  readonly name: string;
  /** One sentence for `unspool list`. */
  readonly summary: string;
  /** Citation of the figure that is redrawn. */
  readonly paper?: string;
  readonly config: Schema<Config>;
  /** Builds everything for a parsed config. `key` is derived from the run's seed. May load data. */
  setup(config: Config, key: Key): Setup<Theta> | Promise<Setup<Theta>>;
}

/** Theta and what moves it: a method, or an estimator and an optimizer, which are the method `descent`. */
export type Setup<Theta = unknown> = SetupParts<Theta> & (MethodPart<Theta> | DescentParts<Theta>);

export interface MethodPart<Theta = unknown> {
  method: Method<Theta>;
  estimator?: undefined;
  optimizer?: undefined;
}

export interface DescentParts<Theta = unknown> {
  method?: undefined;
  estimator: AnyEstimator<Theta>;
  optimizer: Optimizer;
}

export interface SetupParts<Theta = unknown> {
  theta: Theta;
  /** Outer steps of the run. */
  steps: number;
  /**
   * What the estimator differentiates, where it is an inner problem: `compare` and `diagnose` start from it. Default: what the
   * estimator or the search was made of, where that is one problem.
   */
  inner?: InnerProblem<Theta>;
  /** The learned optimizer that theta is the parameters of, where it is componentwise: `analyse` takes it apart. */
  learned?: LearnedSubject<Theta>;
  /**
   * Measured on theta after the last step (and on the initial theta, for comparison). `stepsDone` are the outer steps
   * of the run, which the caller of `train` may have set other than `steps`. What takes more than two seconds goes
   * through `measure`, part by part: so it is logged, can be stopped and is gone on with.
   */
  evaluate?(
    theta: Theta,
    initialTheta: Theta,
    stepsDone: number,
    measure: Measure,
  ): Evaluation | Promise<Evaluation>;
  /** The experiment's own figures, from the finished run. `measure` as in `evaluate`, which comes first. */
  figures?(run: RunRecord<Theta>, measure: Measure): Figure[] | Promise<Figure[]>;
}

/** A setup whose method is `descent`. */
export type DescentSetup<Theta = unknown> = SetupParts<Theta> & DescentParts<Theta>;

/** Throws `OptionError` where the setup has a method of its own: `where` tries others in place of its parts. */
export function requireDescent<Theta>(where: string, setup: Setup<Theta>): DescentSetup<Theta> {
  if (setup.method === undefined) return setup;
  throw new OptionError(
    where,
    "setup",
    `the method "${setup.method.name}"`,
    "an estimator and an optimizer, in whose place others are tried",
  );
}

/** An inner problem and the options with which estimators are made for it. */
export interface InnerProblem<Theta = unknown> {
  // Whatever its state and batches.
  problem: Problem<Theta>;
  options: EstimatorOptions;
  /** What the problem's gradients are of, where that is only a part of the setup's theta. */
  theta?: unknown;
  /** Estimators of this problem alone: `compare` measures them beside those of the registry. */
  others?: readonly ComparedEstimator[];
  /** The gradient of the objective over a whole trajectory, where it is known in closed form. */
  exactGradient?(theta: Theta, horizon: number): Theta;
  /** How to change the learning rate of the setup's optimizer: `diagnose` tries others. */
  learningRate?: OuterLearningRate;
}

/** The learning rate of a setup's optimizer. */
export interface OuterLearningRate {
  value: number;
  /** The setup's optimizer with another one. */
  optimizer(learningRate: number): Optimizer;
  /** Where the experiment's config holds it, for `--set path=value`. Default: `learningRate`. */
  path?: string;
}

/** The inner problem of a setup: its own, or the one that its estimator or its search was made of. */
export function innerOf<Theta>({ inner, estimator, method }: Setup<Theta>): InnerProblem<Theta> | undefined {
  const madeFor = estimator?.madeFor ?? method?.madeFor;
  if (inner !== undefined || madeFor === undefined) return inner;
  const { problem, options } = madeFor;
  return { problem: problem as Problem<Theta>, options: options as EstimatorOptions };
}

/** A componentwise learned optimizer and the tasks that it is trained on. */
export interface LearnedSubject<Theta = unknown> {
  optimizer: ComponentwiseOptimizer<Theta>;
  family: TaskFamily;
  /** Steps of a training run. */
  horizon: number;
  /** Smallest and largest curvature of the tasks, where they are quadratic: they have an optimal momentum. */
  curvatures?: readonly [number, number];
}

/**
 * `InnerProblem` of a problem whose types of state and batch are known. A setup needs it only where its estimator is not made of the
 * problem, or to name other options, or a learning rate that `diagnose` may change.
 */
export function innerProblem<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: EstimatorOptions,
  learningRate?: OuterLearningRate,
): InnerProblem<Theta> {
  requireKnownOptions("innerProblem", options, [
    "sigma",
    "pairs",
    "objective",
    "isDividedByStd",
    "nanPolicy",
    "trajectories",
    "noise",
    "differences",
    "keepsPairs",
    "executor",
    "truncation",
    "resets",
    "noisePeriod",
    "tasks",
    "checkpoints",
  ]);
  return {
    problem,
    options,
    ...(learningRate && { learningRate }),
  };
}

export interface Evaluation {
  /** Named numbers: machine-readable result. */
  metrics: Record<string, number>;
  /** What a person reads at the end of the run. */
  table?: { title: string; columns: string[]; rows: (string | number)[][] };
}

/** One line of metrics: one outer step. */
export interface StepRecord {
  /** Outer steps done, 1 after the first. */
  step: number;
  /** null, whatever this type says, in a step that has none (see `MethodStep`) or that left its update out. */
  loss: number;
  /** Inner steps spent since the start of the run, over all particles. */
  innerSteps: number;
  /** Of methods that have a gradient: its Euclidean norm over all leaves, in float64. */
  gradientNorm?: number;
  /** Wall time of this outer step. The only entry that differs between two runs with the same seed. */
  durationMs: number;
  /** Updates that the optimizer left out (see `skipOverflow` and `lossScale`), in steps where it did. */
  skippedUpdates?: number;
  /** Theta after the step by leaf path, for thetas of up to 32 numbers. */
  theta?: Record<string, number[]>;
  [metric: string]: unknown;
}

/** A finished (or interrupted) run as figures see it. */
export interface RunRecord<Theta = unknown> {
  config: unknown;
  seed: number;
  initialTheta: Theta;
  theta: Theta;
  metrics: readonly StepRecord[];
  evaluation: Evaluation | undefined;
}

/** Identity, for inference of the types of config and theta. */
export function defineExperiment<Config, Theta = unknown>(
  experiment: Experiment<Config, Theta>,
): Experiment<Config, Theta> {
  return experiment;
}

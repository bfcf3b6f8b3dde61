/**
 * Setups of trial runs. Trials that differ in sigma only are one setup: sigma is then a number beside theta, so that the
 * programs are compiled once for all of them, and for all seeds.
 *
 *     theta' = { theta, sigma },   eps' = { sigma n, 0 },   g = g' / sigma²
 *
 * with n and g' of an estimator whose own sigma is 1: the noise has the same bits, the gradient those of another order
 * of products.
 */
import { type Tensor, type Tree, np, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import {
  type EstimatorOptions,
  type GradientEstimator,
  type NoiseRequest,
  estimatorEntry,
  gaussian,
} from "../estimators/index.ts";
import { searchMethod } from "../methods/index.ts";
import type { Optimizer } from "../optimizers/index.ts";
import type { InnerProblem, Setup } from "../train/index.ts";
import { type Problem, eraseProblem } from "../unroll/index.ts";
import { contenderOf } from "./contender.ts";
import { type TrialSetting, contenderIn, nameOf, optionsOf } from "./trialSetting.ts";

/** What `trialRun` trains. */
export interface TrialSetup {
  setup: Setup;
  /** The setup's first theta for a setting, and the problem's theta in a theta of the setup. */
  start(setting: TrialSetting): unknown;
  thetaOf(theta: unknown): unknown;
}

/** The setup of each setting, made once. */
export type TrialSetups = (setting: TrialSetting) => TrialSetup;

export function trialSetups(setup: Setup, inner: InnerProblem): TrialSetups {
  const made = new Map<string, TrialSetup>();
  return (setting) => {
    const isShared = sharesSigma(inner, setting);
    const name = nameOf(isShared ? { ...setting, sigma: 1 } : setting);
    const known = made.get(name);
    if (known !== undefined) return known;
    const fresh = isShared ? withSigmaBeside(setup, inner, setting) : plain(setup, inner, setting);
    made.set(name, fresh);
    return fresh;
  };
}

/** Whether all that sigma does to an estimator is to scale its noise and, by 1 / sigma², its gradient. */
function sharesSigma({ problem, options }: InnerProblem, setting: TrialSetting): boolean {
  const { estimator, sigma, other } = setting;
  const isPlain = options.noise === undefined && problem.isTraceable && other === undefined;
  return isPlain && sigma !== undefined && contenderOf(estimator).estimator?.scalesWithSigma === true;
}

/**
 * What updates theta in trials of estimators: with a learning rate what the inner problem makes of it, else the setup's own.
 * Throws `OptionError` where there is neither: the setup has a method of its own, such as a search.
 */
export function trialOptimizer(
  { method, optimizer }: Setup,
  { learningRate }: InnerProblem,
  value?: number,
): Optimizer {
  if (value !== undefined && learningRate !== undefined) return learningRate.optimizer(value);
  if (optimizer !== undefined) return optimizer;
  if (learningRate !== undefined) return learningRate.optimizer(learningRate.value);
  throw new OptionError(
    "trialRun",
    "setup",
    `the method "${method.name}"`,
    "an estimator and an optimizer, or a method beside an inner problem that says how to make an optimizer",
    "Give innerProblem its third argument: the learning rate, and the optimizer that has it.",
  );
}

function plain(setup: Setup, inner: InnerProblem, setting: TrialSetting): TrialSetup {
  const { theta, steps } = setup;
  const parts =
    contenderIn(setting).search === undefined
      ? {
          estimator: estimatorOf(inner, setting),
          optimizer: trialOptimizer(setup, inner, setting.learningRate),
        }
      : { method: searchMethod(setting.estimator, inner.problem, optionsOf(inner.options, setting)) };
  return { setup: { theta, steps, ...parts }, start: () => theta, thetaOf: (at) => at };
}

/** The estimator of a setting, with whatever else the problem's options say. */
export function estimatorOf({ problem, options }: InnerProblem, setting: TrialSetting): GradientEstimator {
  const own = optionsOf(options, setting);
  if (setting.other !== undefined) return setting.other.create(problem as Problem, own);
  return estimatorEntry(setting.estimator).create(problem, own);
}

interface WithSigma {
  theta: unknown;
  /** Scalar in theta's dtype. */
  sigma: Tensor;
}

function withSigmaBeside(setup: Setup, inner: InnerProblem, setting: TrialSetting): TrialSetup {
  const { problem, options } = inner;
  const erased = eraseProblem(problem as Problem);
  const beside = {
    ...problem,
    init: (at: WithSigma, key: Tensor) => erased.init(at.theta, key),
    step: (at: WithSigma, ...rest: [never, never]) => erased.step(at.theta, ...rest),
  };
  const one = gaussian(1);
  const noise = (at: unknown, request: NoiseRequest): WithSigma => {
    const { theta, sigma } = at as WithSigma;
    const scaled = (leaf: Tensor): Tensor => leaf.mul(sigma.astype(leaf.dtype));
    return { theta: tree.map(scaled, one(theta, request)), sigma: np.zerosLike(sigma) };
  };
  const own = { ...optionsOf(options, setting), sigma: 1, noise } as EstimatorOptions;
  const dtype = tree.floatType(setup.theta);
  // The factor 2 sigma of a gradient that is divided by the spread of losses is 2 there.
  const power = options.isDividedByStd === true ? 1 : 2;
  return {
    setup: {
      theta: setup.theta,
      steps: setup.steps,
      estimator: estimatorEntry(setting.estimator).create(beside, own),
      optimizer: besideSigma(trialOptimizer(setup, inner, setting.learningRate), power),
    },
    start: ({ sigma }) => ({ theta: tree.tensors(setup.theta), sigma: np.array(sigma!, { dtype }) }),
    thetaOf: (at) => (at as WithSigma).theta,
  };
}

/** The optimizer of theta, for gradients that lack a factor of 1 / sigma^power. */
function besideSigma(optimizer: Optimizer, power: 1 | 2): Optimizer {
  return {
    init: (at: unknown) => optimizer.init((at as WithSigma).theta),
    update(gradient: unknown, state: Tree, at: unknown) {
      const { theta, sigma } = at as WithSigma;
      const wide = sigma.astype("float64");
      const by = power === 1 ? wide : wide.mul(wide);
      const scaled = (leaf: Tensor): Tensor => leaf.astype("float64").div(by).astype(leaf.dtype);
      const next = optimizer.update(tree.map(scaled, (gradient as WithSigma).theta), state, theta);
      return { theta: { theta: next.theta, sigma }, state: next.state };
    },
  } as Optimizer;
}

/**
 * What all evolution-strategy estimators share: options of antithetic pairs, one window of two members that share
 * noise, data and clock, and the handling of losses that are not finite.
 */
import { requireUnits } from "../unitMemory.ts";
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { NonFiniteError, OptionError, requireInteger, requireOneOf, requirePositive } from "../../errors.ts";
import {
  type Clock,
  type ErasedProblem,
  type Executor,
  type ForwardProgram,
  type Member,
  type WindowOptions,
  type WindowPlan,
  advance,
  executorFor,
  initialState,
  settle,
  tick,
  windowPlan,
  requireProblem,
} from "../../unroll/index.ts";
import type { EstimateMetrics } from "../estimator.ts";
import { type Noise, type NoiseRequest, gaussian, ownNoise } from "./noise.ts";

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

/** What all pairs share in one estimate. */
export interface EsShared {
  theta: unknown;
  /** Key of this estimate's noise. */
  key: Key;
  /** int32 scalar: estimates made before this one. */
  window: Tensor;
}

/** One member of a pair over one window. */
export interface MemberConstant {
  theta: unknown;
  /** Used from a reset inside the window on; absent where it equals `theta` or no reset can happen. */
  thetaAfter?: unknown;
}

export interface MemberCarry {
  state: unknown;
  clock: Clock;
  /** bool: the trajectory that the window began with has ended. */
  isAfter: Tensor;
  /** float64: summed losses of the steps before (and at) the end of that trajectory. */
  before: Tensor;
  /** float64: summed losses of the steps after it. */
  after: Tensor;
}

export type PairMember = Member<MemberConstant, MemberCarry>;

export function startMember(constant: MemberConstant, state: unknown, clock: Clock): PairMember {
  const zero = np.zeros([], { dtype: "float64" });
  return {
    constant,
    carry: { state, clock, isAfter: np.zeros([], { dtype: "bool" }), before: zero, after: zero },
  };
}

/** One inner step of one member, with a masked reset where resets can fall inside the window. */
export function memberStep(settings: EsSettings, constant: MemberConstant, carry: MemberCarry): MemberCarry {
  const { problem, plan } = settings;
  const { clock, isAfter } = carry;
  const later = constant.thetaAfter;
  const theta = later === undefined ? constant.theta : tree.select(isAfter, later, constant.theta);
  const stepped = advance(problem, theta, carry.state, clock.t, clock.key);
  const loss = stepped.loss.astype("float64");
  const next = tick(plan, clock);
  if (plan.mode !== "inside") {
    return { ...carry, state: stepped.state, clock: next.clock, before: carry.before.add(loss) };
  }
  const zero = np.zeros([], { dtype: "float64" });
  const fresh = initialState(problem, later ?? constant.theta, next.clock.key);
  return {
    state: tree.select(next.hasEnded, fresh, stepped.state),
    clock: next.clock,
    isAfter: np.logicalOr(isAfter, next.hasEnded),
    before: carry.before.add(np.where(isAfter, zero, loss)),
    after: carry.after.add(np.where(isAfter, loss, zero)),
  };
}

/** The request for the perturbation of one pair. */
export function pairRequest({ key, window }: EsShared, pair: Tensor): NoiseRequest {
  return { key: random.foldIn(key, pair), source: key, pair, window };
}

/** A program over pairs of members. */
export type PairProgram<Shared extends EsShared, Unit, Kept> = ForwardProgram<
  Shared,
  Unit,
  Kept,
  MemberConstant,
  MemberCarry,
  PairMean,
  { losses: Tensor }
>;

/** What is averaged over pairs. */
export interface PairMean {
  gradient: unknown;
  statistics: LossStatistics;
}

/** Of the pairs whose losses are finite; the others count as 0. float64 scalars. */
export interface LossStatistics {
  /** 1 for a pair with finite losses. */
  finite: Tensor;
  /** Sum of the finite losses of a pair, and how many of the two they are. */
  loss: Tensor;
  losses: Tensor;
  /** L+ - L- and its square. */
  difference: Tensor;
  square: Tensor;
}

/**
 * Throws if a pair's loss is not finite, after running the window again to find the first step at which it was
 * not. `losses` is [pairs, 2], `units` are the units that the window began with.
 */
export function requireFiniteLosses<Shared extends EsShared, Unit extends { clock: Clock }, Kept>(
  settings: EsSettings,
  program: PairProgram<Shared, Unit, Kept>,
  shared: Shared,
  units: Unit,
  losses: Tensor,
): void {
  const bad = losses.data.findIndex((loss) => !Number.isFinite(loss));
  if (bad < 0) return;
  const { name, pairs, executor, plan } = settings;
  const record = (carry: MemberCarry): Record<string, Tensor> => ({ loss: carry.before.add(carry.after) });
  const { history } = executor.forward({ ...program, record }, shared, units);
  const steps = history.map(({ loss }) => loss!.data.findIndex((value) => !Number.isFinite(value)));
  const k = steps.findIndex((particle) => particle >= 0);
  // History counts particles positives first; `losses` pair by pair.
  const particle = k < 0 ? (bad % 2) * pairs + Math.floor(bad / 2) : steps[k]!;
  const pair = particle % pairs;
  const sign = ["+", "-", "mean"][Math.floor(particle / pairs)]!;
  const step = (units.clock.t.data[pair]! + Math.max(k, 0)) % units.clock.length.data[pair]!;
  const value = history[k]?.loss?.data[particle] ?? losses.data[bad];
  throw new NonFiniteError(
    name,
    `the loss of particle ${sign} of pair ${pair} became ${value} at inner step ${step} of its trajectory ` +
      `(step ${Math.max(k, 0) + 1} of ${plan.truncation} in estimate ${shared.window.item()}). ` +
      `Try a smaller sigma or step size, or nanPolicy: "zero".`,
    { pair, sign, step, stepInWindow: Math.max(k, 0), estimate: shared.window.item(), value },
  );
}

/** Mean loss and the spread of L+ - L-, from means over pairs of their statistics (traced or concrete). */
export function lossSummary(
  mean: LossStatistics,
  pairs: number,
): { loss: Tensor; lossDifferenceStd: Tensor; nonFinite: Tensor } {
  const average = mean.difference.div(mean.finite);
  const variance = mean.square.div(mean.finite).sub(average.mul(average));
  return {
    loss: mean.loss.div(mean.losses),
    lossDifferenceStd: np.sqrt(np.maximum(variance, np.zeros([], { dtype: "float64" }))),
    // A count: the division by the number of pairs has rounded it.
    nonFinite: np.floor(mean.losses.neg().add(2).mul(pairs).add(0.5)),
  };
}

/** Window losses of the two members of a pair, [2] in the objective's scale, and their statistics. */
export function pairLosses(
  settings: EsSettings,
  members: PairMember[],
): { statistics: LossStatistics; losses: Tensor } {
  const totals = members
    .slice(0, 2)
    .map(({ carry }) => carry.before.add(carry.after).mul(settings.lossScale)) as [Tensor, Tensor];
  return { losses: np.stack(totals), statistics: lossStatistics(settings, totals) };
}

/** Statistics of the two losses of a pair. */
export function lossStatistics(
  settings: EsSettings,
  [plus, minus]: readonly [Tensor, Tensor],
): LossStatistics {
  if (settings.nanPolicy === "error") {
    const one = np.ones([], { dtype: "float64" });
    const difference = plus.sub(minus);
    const square = difference.mul(difference);
    return { finite: one, loss: plus.add(minus), losses: one.mul(2), difference, square };
  }
  const zero = np.zeros([], { dtype: "float64" });
  const [isPlus, isMinus] = [np.isfinite(plus), np.isfinite(minus)];
  const [a, b] = [np.where(isPlus, plus, zero), np.where(isMinus, minus, zero)];
  const isFinitePair = np.logicalAnd(isPlus, isMinus);
  const difference = np.where(isFinitePair, a.sub(b), zero);
  return {
    finite: isFinitePair.astype("float64"),
    loss: a.add(b),
    losses: isPlus.astype("float64").add(isMinus.astype("float64")),
    difference,
    square: difference.mul(difference),
  };
}

/** `contribution`, or zeros where the pair's losses are not finite and the policy says so. */
export function guard(settings: EsSettings, losses: Tensor, contribution: unknown): unknown {
  if (settings.nanPolicy === "error") return contribution;
  return tree.select(np.isfinite(losses).all(), contribution, tree.zerosLike(contribution));
}

/** The result of one window as an estimate: checks, mean loss over finite pairs, gradient in theta's dtype. */
export function esEstimate<Shared extends EsShared, Unit extends { clock: Clock }, Kept>(
  settings: EsSettings,
  program: PairProgram<Shared, Unit, Kept>,
  shared: Shared,
  units: Unit,
): { units: Unit; loss: number; gradient: unknown; metrics: EstimateMetrics } {
  const result = settings.executor.forward(program, shared, units);
  if (settings.nanPolicy === "error")
    requireFiniteLosses(settings, program, shared, units, result.each.losses);
  const { isDividedByStd, sigma } = settings;
  const mean = isDividedByStd
    ? {
        ...result.mean,
        gradient: tree.scale(result.mean.gradient, 2 * sigma * inverseStd(result.each.losses)),
      }
    : result.mean;
  const { loss, gradient, metrics } = esSummary(settings, mean, shared.theta);
  return {
    units: { ...result.units, clock: settle(settings.plan, result.units.clock) },
    loss: loss.item(),
    gradient,
    metrics: {
      innerSteps: 2 * settings.pairs * settings.plan.truncation,
      ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value.item()])),
    },
  };
}

/**
 * 1 / the standard deviation of the finite losses of all particles, [pairs, 2]; 0 where they are all equal. Their mean
 * is taken off before they are squared, and sums go in the order of the particles: a constant that is added to every
 * loss changes nothing, and neither does the number of threads.
 */
function inverseStd({ data }: Tensor): number {
  const finite = data.filter((loss) => Number.isFinite(loss)) as Float64Array;
  const meanOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  // Twice: the mean of large losses is rounded, that of what is left is not.
  const about = meanOf(finite);
  const rough = finite.map((loss) => loss - about);
  const offset = meanOf(rough);
  const variance = meanOf(rough.map((x) => (x - offset) ** 2));
  return variance > 0 ? 1 / Math.sqrt(variance) : 0;
}

/** Loss, gradient in theta's dtype, and metrics of a window (traced or concrete). */
export function esSummary(
  settings: EsSettings,
  mean: PairMean,
  theta: unknown,
): { loss: Tensor; gradient: unknown; metrics: Record<string, Tensor> } {
  const { loss, lossDifferenceStd, nonFinite } = lossSummary(mean.statistics, settings.pairs);
  return {
    loss,
    gradient: tree.map((g: Tensor, leaf: Tensor) => g.astype(leaf.dtype), mean.gradient, theta),
    metrics: { lossDifferenceStd, ...(settings.nanPolicy === "zero" ? { nonFinite } : {}) },
  };
}

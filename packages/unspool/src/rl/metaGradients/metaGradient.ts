/**
 * The meta-gradient of learning agents with every choice as a switch: how the update's derivative is taken, how much
 * of the sampling correction is kept, in which window, against which baseline.
 *
 *     g = - 1/M mean over lifetimes of d/d eta sum_{i in window} S_i             (S_i: see `surrogateTerms`)
 *
 * The full correction on whole lifetimes is unbiased; without it the estimate ignores how eta changes the data that
 * the agent learns from. Vuorio, Beck, Whiteson, Foerster, Farquhar, arXiv 2209.11303.
 */
import { type Key, type Tensor, np, tree } from "../../array/index.ts";
import { NonFiniteError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Estimate, type GradientEstimator, cut } from "../../estimators/index.ts";
import { type Executor, defaultExecutor, firstClocks, settle, windowPlan } from "../../unroll/index.ts";
import {
  type ErasedTask,
  type LearningTask,
  eraseTask,
  firstAgent,
  worldOf,
} from "../environments/learningTask.ts";
import {
  type LifetimeSettings,
  type LifetimeShared,
  type LifetimeUnit,
  lifetimeProgram,
  lifetimeReturns,
} from "./lifetimeProgram.ts";
import { type CheckedSwitches, type MetaGradientSwitches, checkedSwitches } from "./metaGradientOptions.ts";

export interface MetaGradientOptions extends MetaGradientSwitches {
  /** Lifetimes that are averaged. Default 1000. */
  lifetimes?: number;
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

export interface MetaGradientState {
  units: LifetimeUnit;
  /** Shapes of eta. */
  eta: unknown;
  /** Mean return of the estimate before, [H]: the constant baseline. */
  returns: Tensor;
  estimate: number;
}

export interface MetaGradientEstimate<Eta> extends Estimate<Eta, MetaGradientState> {
  info: {
    /** Of minus the return, [lifetimes, |eta|], float64: its spread is the variance of an estimate from one lifetime. */
    perLifetimeGradient: Tensor;
    /** [lifetimes], float64. */
    perLifetimeReturn: Tensor;
  };
}

export interface MetaGradientEstimator<Eta> extends GradientEstimator<Eta, MetaGradientState> {
  /** What is known to be wrong with this choice of switches, in words; empty if nothing is. */
  readonly warnings: readonly string[];
  estimate(eta: Eta, state: MetaGradientState, key: Key): MetaGradientEstimate<Eta>;
}

const name = "metaGradient";

/**
 * Meta-gradient. Cost per estimate: lifetimes · T updates with |eta| directional derivatives each (twice the updates
 * with "leaveOneOut"); memory: |eta| agents per lifetime, whatever T.
 *
 * @example
 * const estimator = metaGradient(bandit(), { samplingCorrection: { coefficient: 0.5 }, lifetimes: 4000 });
 */
export function metaGradient<Eta, Agent, World, Data>(
  learningTask: LearningTask<Eta, Agent, World, Data>,
  options: MetaGradientOptions = {},
): MetaGradientEstimator<Eta> {
  requireKnownOptions("metaGradient", options, [
    "lifetimes",
    "executor",
    "hessian",
    "decay",
    "samplingCorrection",
    "metaDiscount",
    "truncation",
    "objective",
    "baseline",
  ]);
  const task = eraseTask(learningTask);
  const { lifetimes = 1000, executor = defaultExecutor() } = options;
  const switches = checkedSwitches(name, task, options);
  requireInteger(name, "lifetimes", lifetimes, switches.baseline === "leaveOneOut" ? 2 : 1);
  const isContiguous = switches.start === "contiguous";
  const steps = isContiguous ? switches.window : task.updates;
  const plan = windowPlan(name, task.updates, { truncation: steps });
  const settings = settingsOf(task, switches, steps, lifetimes);
  const [program, measure] = [lifetimeProgram(settings), lifetimeReturns(settings)];
  const counted = switches.objective === "last" ? 1 : steps;
  return {
    name,
    warnings: switches.warnings,
    init: (eta, key) => ({
      units: isContiguous ? goingUnits(task, plan, eta, key, lifetimes) : { lifetime: np.arange(lifetimes) },
      eta: tree.zerosLike(eta as unknown),
      returns: np.zeros([task.actions], { dtype: "float64" }),
      estimate: 0,
    }),
    estimate(eta, state, key) {
      tree.requireSame(name, "eta", state.eta, eta);
      const shared = sharedOf(eta, key, switches, state.returns);
      if (switches.baseline === "leaveOneOut") {
        const { history } = executor.forward(measure, shared, state.units);
        shared.baseline = sumsOf(history, tree.floatType(eta));
      }
      const { units, mean, each } = executor.forward(program, shared, state.units);
      const perLifetimeGradient = scaled(each.gradient, -1 / windowScale(switches));
      requireFinite(each.objective, perLifetimeGradient, state.estimate);
      const flat = mean.gradient.mul(-1 / windowScale(switches));
      const gradient = tree.map(
        (leaf: Tensor, g: Tensor) => g.astype(leaf.dtype),
        eta,
        cut(eta, flat),
      ) as Eta;
      const passes = switches.baseline === "leaveOneOut" ? 2 : 1;
      return {
        loss: -mean.objective.item() / counted,
        gradient,
        state: {
          units: units.clock === undefined ? state.units : { ...units, clock: settle(plan, units.clock) },
          eta: state.eta,
          returns: mean.returns.mul(1 / steps),
          estimate: state.estimate + 1,
        },
        metrics: { innerSteps: passes * lifetimes * steps },
        info: { perLifetimeGradient, perLifetimeReturn: scaled(each.objective, 1 / counted) },
      };
    },
  };
}

/** What a window's surrogate is divided by. */
export function windowScale({ objective, window }: CheckedSwitches): number {
  return objective === "last" ? 1 : window;
}

export function settingsOf(
  task: ErasedTask,
  { hessian, decay, form, start, objective, baseline }: CheckedSwitches,
  length: number,
  lifetimes: number,
): LifetimeSettings {
  return {
    task,
    choice: { hessian, decay, isMean: form === "mean" },
    length,
    isWindowed: start === "uniform",
    objective,
    baseline(context) {
      const { shared, observation, k } = context;
      if (typeof baseline === "function") return baseline(context);
      if (baseline !== "leaveOneOut") return shared.baseline;
      return shared.baseline
        .slice(k)
        .sub(observation.mean)
        .mul(1 / (lifetimes - 1));
    },
  };
}

export function sharedOf(
  eta: unknown,
  key: Key,
  { coefficient, metaDiscount, window, baseline }: CheckedSwitches,
  returns: Tensor,
): LifetimeShared {
  const dtype = tree.floatType(eta);
  const constant = tree.scalar(typeof baseline === "number" ? baseline : 0, dtype);
  return {
    eta,
    key,
    coefficient: tree.scalar(coefficient, dtype),
    metaDiscount: tree.scalar(metaDiscount, dtype),
    window: tree.scalar(window, "int32"),
    baseline: baseline === "constant" ? returns.astype(dtype) : constant,
  };
}

/** Lifetimes that persist between estimates. */
function goingUnits(
  task: ErasedTask,
  plan: ReturnType<typeof windowPlan>,
  eta: unknown,
  key: Key,
  lifetimes: number,
): LifetimeUnit {
  const agent = firstAgent(task, eta, worldOf(task, eta, key));
  const empty = (leaf: Tensor) => np.zeros([lifetimes, ...leaf.shape], { dtype: leaf.dtype });
  return {
    clock: firstClocks(plan, key, lifetimes),
    agent: tree.map(empty, agent),
    past: np.zeros([lifetimes, task.actions], { dtype: tree.floatType(eta) }),
  };
}

/** Sums over lifetimes of the recorded returns, [T, H]. */
function sumsOf(history: readonly Record<string, Tensor>[], dtype: "float32" | "float64"): Tensor {
  const actions = history[0]!["returns"]!.shape[1]!;
  const sums = new Float64Array(history.length * actions);
  history.forEach((record, k) =>
    record["returns"]!.data.forEach((value, i) => (sums[k * actions + (i % actions)]! += value)),
  );
  return np.array(sums, { shape: [history.length, actions], dtype });
}

/** A concrete tensor times a number, without a program. */
function scaled(x: Tensor, by: number): Tensor {
  return np.array(
    Float64Array.from(x.data, (value) => value * by),
    { shape: [...x.shape] },
  );
}

function requireFinite(returns: Tensor, gradients: Tensor, estimate: number): void {
  const count = gradients.shape[1]!;
  const bad = gradients.data.findIndex((value) => !Number.isFinite(value));
  const lifetime =
    bad >= 0 ? Math.floor(bad / count) : returns.data.findIndex((value) => !Number.isFinite(value));
  if (lifetime < 0) return;
  throw new NonFiniteError(
    name,
    `lifetime ${lifetime} has return ${returns.data[lifetime]} and a gradient that is not finite in estimate ` +
      `${estimate}. Look for log-probabilities of impossible actions, or try a smaller step size or float64.`,
    { lifetime, estimate },
  );
}

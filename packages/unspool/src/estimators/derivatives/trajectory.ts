/**
 * What the estimators with derivatives share: options of windows over differentiable trajectories, and units that
 * are single particles at unperturbed theta.
 */
import { requireUnits } from "../unitMemory.ts";
import { type Key, type Tensor, np, tree } from "../../array/index.ts";
import { NonFiniteError, OptionError, requireInteger, requireOneOf } from "../../errors.ts";
import {
  type Clock,
  type ErasedProblem,
  type Executor,
  type WindowOptions,
  type WindowPlan,
  changingState,
  emptyState,
  executorFor,
  firstClocks,
  initialState,
  requireFinalLoss,
  requireProblem,
  windowPlan,
} from "../../unroll/index.ts";
import type { MadeFor } from "../estimator.ts";
import { windowsOf } from "../es/esOptions.ts";
import { repeat } from "../es/noise.ts";

export interface DerivativeOptions extends WindowOptions {
  /** Trajectories that are averaged. Default 1. */
  tasks?: number;
  /** Gradient of the sum over the steps of a window, or of their mean. Default "mean". */
  objective?: "sum" | "mean";
  /** Default: `defaultExecutor()`, the compiled one. */
  executor?: Executor;
}

/** What estimators of whole gradients differentiate: of the steps' losses their sum or mean, or the problem's `finalLoss`. */
export type DerivativeObjective = "sum" | "mean" | "final";

export interface FinalDerivativeOptions extends Omit<DerivativeOptions, "objective"> {
  /**
   * Gradient of the sum over the steps of a window, of their mean, or of the problem's `finalLoss` at the end of a trajectory,
   * on a batch that is drawn once for it; windows then give the differences of the final loss at their ends, which
   * sum to it. Default "mean".
   */
  objective?: DerivativeObjective;
}

export const derivativeOptionNames = ["tasks", "objective", "executor", "truncation", "resets"] as const;

export interface DerivativeSettings {
  name: string;
  problem: ErasedProblem;
  plan: WindowPlan;
  tasks: number;
  objective: DerivativeObjective;
  lossScale: number;
  /** The objective is the final loss. */
  isFinal: boolean;
  executor: Executor;
}

/** The objectives of estimators that see nothing of earlier windows. */
const ofSteps: readonly DerivativeObjective[] = ["sum", "mean"];
export const withFinal: readonly DerivativeObjective[] = [...ofSteps, "final"];

export function derivativeSettings(
  name: string,
  problem: ErasedProblem,
  options: FinalDerivativeOptions,
  objectives: readonly DerivativeObjective[] = ofSteps,
): DerivativeSettings {
  const { tasks = 1, objective = "mean" } = options;
  requireProblem(name, problem);
  if (!problem.isDifferentiable) {
    throw new OptionError(
      name,
      "problem",
      problem.name,
      "differentiable",
      "Its isDifferentiable is false: use an evolution-strategy estimator such as pes, nres or fullEs.",
    );
  }
  requireInteger(name, "tasks", tasks, 1);
  requireUnits(name, "tasks", tasks);
  requireOneOf(name, "objective", objective, objectives);
  const plan = windowPlan(name, problem.horizon, options);
  const isFinal = objective === "final";
  if (isFinal) requireEnd(name, problem);
  const lossScale = objective === "mean" ? 1 / plan.truncation : 1;
  return {
    ...{ name, problem: changingState(problem), plan, tasks, objective, lossScale, isFinal },
    executor: executorFor(problem, options.executor),
  };
}

/** What `compare` and `diagnose` make other estimators of; none where the objective is the final loss. */
export function madeForTasks({ problem, plan, tasks, objective, isFinal }: DerivativeSettings): {
  madeFor?: MadeFor;
} {
  if (isFinal) return {};
  return {
    madeFor: {
      problem: problem.whole?.problem ?? problem,
      options: { tasks, objective, ...windowsOf(plan, problem) },
    },
  };
}

/** Requires a loss of finished trajectories, and that they finish. */
function requireEnd(name: string, problem: ErasedProblem): void {
  requireFinalLoss(name, problem);
  if (problem.horizon !== Infinity) return;
  const hint = 'A loop without an end has no final loss: use the objective "sum" or "mean".';
  throw new OptionError(name, "problem.horizon", problem.horizon, "finite", hint);
}

/** Requires that resets fall on window edges only. */
export function requireEdges({ name, plan, problem }: DerivativeSettings): void {
  if (plan.mode !== "inside") return;
  throw new OptionError(
    name,
    "truncation",
    plan.truncation,
    `a divisor of the horizon ${problem.horizon}, with trajectories of fixed length`,
  );
}

/** Clocks and placeholder states of tasks that have not started. */
export function firstTasks(
  { plan, problem, tasks }: DerivativeSettings,
  theta: unknown,
  key: Key,
): TaskStart {
  return {
    task: np.arange(tasks),
    clock: firstClocks(plan, key, tasks),
    state: repeat(emptyState(problem, theta, key), tasks),
  };
}

export interface TaskStart {
  /** int32: index of the task. */
  task: Tensor;
  clock: Clock;
  state: unknown;
}

/** The state with which a window begins: a new trajectory's where the clock stands at 0. */
export function enter(problem: ErasedProblem, theta: unknown, clock: Clock, state: unknown): unknown {
  return tree.select(clock.t.equal(0), initialState(problem, theta, clock.key), state);
}

/** Throws `NonFiniteError` for the first task whose loss or gradient is not finite. */
export function requireFinite(name: string, losses: Tensor, gradient: unknown, window: number): void {
  const task = losses.data.findIndex((loss) => !Number.isFinite(loss));
  if (task >= 0) {
    throw new NonFiniteError(
      name,
      `the loss of task ${task} is ${losses.data[task]} in estimate ${window}. ` +
        "Try a shorter truncation or a smaller step size.",
      { task, estimate: window },
    );
  }
  for (const [path, leaf] of tree.entries(gradient)) {
    const index = leaf.data.findIndex((value) => !Number.isFinite(value));
    if (index < 0) continue;
    throw new NonFiniteError(
      name,
      `the gradient of theta${path === "" ? "" : ` "${path}"`}[${index}] is ${leaf.data[index]} in ` +
        `estimate ${window}, where the losses are finite. Either the loop has no derivative at a point that it reached ` +
        "(sqrt or a norm at 0, a quotient of zeros: choose another branch with np.where before it), or the derivative " +
        "overflows: try a shorter truncation, clipping or float64. Evolution strategies (pes, nres) need no derivative.",
      { path, index, estimate: window },
    );
  }
}

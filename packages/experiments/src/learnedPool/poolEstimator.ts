/**
 * Meta-training on a list of tasks, a few of them at each outer step: evolution strategies through truncated training
 * runs, whose losses are divided by their standard deviation within the estimate, so that tasks of any scale weigh alike.
 * Dear tasks are drawn more rarely, by the root of what their windows cost.
 */
import {
  type GradientEstimator,
  type Key,
  type LearnedOptimizer,
  createEstimator,
  metaTraining,
  random,
  tree,
} from "unspool";
import type { PoolTask } from "./poolTasks.ts";

export interface PoolEstimatorOptions {
  estimator: string;
  sigma: number;
  pairs: number;
  /** Longest window; dear tasks have shorter ones, of a fortieth of their horizon at least. */
  truncation: number;
  /** Tasks of an outer step. */
  tasksPerStep: number;
  /** Cost of the windows of one pair below which a window has its full length. */
  windowCost: number;
}

export interface PoolState {
  /** State of each task's estimator. */
  states: unknown[];
}

export interface PoolWindow {
  truncation: number;
  /** A multiple of it. */
  horizon: number;
}

/** The window of a task. */
export function poolWindow(
  { horizon, cost }: PoolTask,
  { truncation, windowCost }: Pick<PoolEstimatorOptions, "truncation" | "windowCost">,
): PoolWindow {
  const least = Math.max(2, Math.ceil(horizon / 40));
  const steps = Math.min(horizon, truncation, Math.max(least, Math.round(windowCost / (2 * cost))));
  return { truncation: steps, horizon: steps * Math.max(1, Math.round(horizon / steps)) };
}

export function poolEstimator<Theta>(
  learned: LearnedOptimizer<Theta>,
  tasks: readonly PoolTask[],
  options: PoolEstimatorOptions,
): GradientEstimator<Theta, PoolState> {
  const { estimator, sigma, pairs, tasksPerStep } = options;
  const windows = tasks.map((task) => poolWindow(task, options));
  const create = (i: number): GradientEstimator<Theta, unknown> => {
    const { truncation, horizon } = windows[i]!;
    const task = tasks[i]!;
    const problem = metaTraining(learned, task.family(), { horizon });
    return createEstimator(estimator, problem, {
      ...{ sigma, pairs, truncation, isDividedByStd: true, nanPolicy: "zero" },
      ...{ resets: "staggered", objective: "mean" },
    });
  };
  const made = new Map<number, GradientEstimator<Theta, unknown>>();
  /** Made when it is first asked for: tasks load their data. */
  const estimatorAt = (i: number): GradientEstimator<Theta, unknown> => {
    const known = made.get(i) ?? create(i);
    made.set(i, known);
    return known;
  };
  const weights = tasks.map(({ cost }, i) => 1 / Math.sqrt(cost * windows[i]!.truncation));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const draw = (key: Key): number => {
    let rest = random.uniform(key, []).item() * total;
    const found = weights.findIndex((weight) => (rest -= weight) < 0);
    return found < 0 ? weights.length - 1 : found;
  };
  return {
    name: `pool of ${tasks.length} tasks`,
    init: (theta, key) => ({
      states: tasks.map((_, i) => estimatorAt(i).init(theta, random.foldIn(key, i))),
    }),
    estimate(theta, { states }, key) {
      const after = [...states];
      const estimates = Array.from({ length: tasksPerStep }, (_, place) => {
        const own = random.foldIn(key, place);
        const index = draw(random.foldIn(own, "task"));
        const estimate = estimatorAt(index).estimate(theta, after[index], random.foldIn(own, "estimate"));
        after[index] = estimate.state;
        return { ...estimate, loss: estimate.loss / tasks[index]!.unit };
      });
      const gradients = estimates.map(({ gradient }) => gradient);
      return {
        loss: estimates.reduce((sum, { loss }) => sum + loss, 0) / tasksPerStep,
        gradient: tree.map(
          (leaf, ...others) => others.reduce((sum, g) => sum.add(g), leaf).div(tasksPerStep),
          gradients[0]!,
          ...gradients.slice(1),
        ),
        state: { states: after },
        metrics: { innerSteps: estimates.reduce((sum, { metrics }) => sum + metrics.innerSteps, 0) },
      };
    },
  };
}

/** Networks that a learned optimizer trains, and training runs by it and by Adam. */
import {
  type ClassificationOptions,
  type Key,
  type LabelledData,
  type LearnedOptimizer,
  type Problem,
  classification,
  learnableAdam,
  metaTraining,
  scaledTasks,
  unroll,
} from "unspool";
import { mean } from "../shared/series.ts";

/** The learning rates among which Adam takes its best: dense where it is. */
export const adamRates: readonly number[] = [1e-3, 3e-3, 1e-2, 2e-2, 3e-2, 5e-2, 7e-2, 0.1, 0.2, 0.3];

export interface TaskSettings {
  horizon: number;
  hidden: readonly number[];
  batchSize: number;
  scales: readonly [number, number];
  activation?: "relu" | "tanh";
}

/** Meta-training on one network. */
export function taskProblem<Meta>(
  learned: LearnedOptimizer<Meta>,
  data: LabelledData,
  settings: TaskSettings,
): Problem<Meta> {
  const { hidden, batchSize, scales, horizon, activation = "relu" } = settings;
  const options: ClassificationOptions = { data, classes: 10, hidden, batchSize, activation };
  const task = classification(options);
  const [low, high] = scales;
  const problem =
    low === 1 && high === 1
      ? metaTraining(learned, task, { horizon })
      : metaTraining(learned, scaledTasks(task, { scales: [low, high] }), { horizon });
  return problem;
}

/** Loss along training runs of one optimizer. */
export interface Runs {
  /** Mean over runs, by step. */
  curve: number[];
  /** Mean over steps, by run. */
  each: number[];
  mean: number;
  /** Mean over the last fifth of the steps, at most 50 of them. */
  final: number;
}

/** Trains networks from new seeds; the same seeds for all optimizers with this key. */
export function trainingRuns<Meta>(problem: Problem<Meta>, meta: Meta, key: Key, runs: number): Runs {
  const { losses } = unroll(problem, meta, { key, particles: runs });
  const curve = [...losses.mean(1).data];
  const each = [...losses.mean(0).data];
  const last = Math.min(50, Math.ceil(curve.length / 5));
  return { curve, each, mean: mean(curve), final: mean(curve.slice(-last)) };
}

/** The runs of Adam with each of its learning rates. */
export function adamRuns(
  data: LabelledData,
  settings: TaskSettings,
  key: Key,
  runs: number,
): (Runs & { learningRate: number })[] {
  const problem = taskProblem(learnableAdam(), data, settings);
  return adamRates.map((learningRate) => {
    const meta = learnableAdam({ learningRate }).init(key);
    return { learningRate, ...trainingRuns(problem, meta, key, runs) };
  });
}

/** Those with the learning rate whose mean loss is lowest. */
export function bestAdam(...given: Parameters<typeof adamRuns>): Runs & { learningRate: number } {
  return adamRuns(...given).reduce((best, one) => (one.mean < best.mean ? one : best));
}

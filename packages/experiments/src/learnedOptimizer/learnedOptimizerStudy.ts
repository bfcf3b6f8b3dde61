/** What a learned optimizer is worth: training runs by it and by Adam, on its own task and on others. */
import {
  type ClassificationOptions,
  type Key,
  type LabelledData,
  type LearnedOptimizer,
  type Optimizer,
  type Problem,
  adamw,
  classification,
  clipByValue,
  cosineDecay,
  learnableAdam,
  metaTraining,
  scaledTasks,
  unroll,
} from "unspool";
import type { Mnist } from "../shared/data/mnist.ts";
import { mean } from "../shared/series.ts";

/** The learning rates among which Adam takes its best: dense where it is. */
const adamRates: readonly number[] = [1e-3, 3e-3, 1e-2, 2e-2, 3e-2, 5e-2, 7e-2, 0.1, 0.2, 0.3];

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

export interface MetaOptimizerSettings {
  outerLearningRate: number;
  outerSchedule: "cosine" | "constant";
  outerWeightDecay: number;
  outerClip: number;
  /** Outer steps. */
  steps: number;
}

/** Adam with decoupled weight decay on gradients with limited elements. */
export function metaOptimizer(settings: MetaOptimizerSettings): Optimizer {
  const { outerLearningRate: from, outerSchedule, outerWeightDecay, outerClip, steps } = settings;
  const learningRate = outerSchedule === "cosine" ? cosineDecay({ from, steps }) : from;
  const inner = adamw({ learningRate, weightDecay: outerWeightDecay });
  return clipByValue(inner, { maxAbs: outerClip });
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

export interface JudgedTask {
  name: string;
  steps: number;
  /** Mean loss over steps and runs. */
  learned: number;
  adam: number;
  /** Of the best Adam. */
  learningRate: number;
  /** Runs in which the learned optimizer has the lower mean loss than the best Adam from the same seed. */
  wins: number;
  runs: number;
}

export interface Judged {
  tasks: JudgedTask[];
  curves: Record<"learned" | "adam" | "longLearned" | "longAdam", Runs>;
}

export interface JudgeSettings extends Omit<TaskSettings, "hidden"> {
  hidden: readonly (readonly number[])[];
  evaluationRuns: number;
  longHorizon: number;
}

/**
 * Its own task, the same over longer runs, and tasks that it never saw: wider, deeper, with tanh, with larger batches,
 * linear. Its own task and the long runs see training images, the others the test images.
 */
export function judge<Meta>(
  learned: LearnedOptimizer<Meta>,
  meta: Meta,
  { train, test }: Pick<Mnist, "train" | "test">,
  settings: JudgeSettings,
  key: Key,
): Judged {
  const { longHorizon, evaluationRuns, hidden, batchSize } = settings;
  const own: TaskSettings = { ...settings, hidden: hidden[0]! };
  const unseen: TaskSettings = { ...own, scales: [1, 1] };
  const variants: [name: string, data: LabelledData, settings: TaskSettings][] = [
    ["its own", train, own],
    ["its own, longer", train, { ...own, horizon: longHorizon }],
    ["wider: 64 units", test, { ...unseen, hidden: [64] }],
    ["deeper: 16, 16 units", test, { ...unseen, hidden: [16, 16] }],
    ["tanh", test, { ...unseen, activation: "tanh" }],
    [`batches of ${4 * batchSize}`, test, { ...unseen, batchSize: 4 * batchSize }],
    ["linear", test, { ...unseen, hidden: [] }],
  ];
  const results = variants.map(([name, data, task]) => {
    const mine = trainingRuns(taskProblem(learned, data, task), meta, key, evaluationRuns);
    const adam = bestAdam(data, task, key, evaluationRuns);
    const wins = mine.each.filter((loss, i) => loss < adam.each[i]!).length;
    const { learningRate } = adam;
    const row = { name, steps: task.horizon, learned: mine.mean, adam: adam.mean, learningRate, wins };
    return { row: { ...row, runs: evaluationRuns }, mine, adam };
  });
  const [short, long] = results as [(typeof results)[number], (typeof results)[number]];
  return {
    tasks: results.map(({ row }) => row),
    curves: { learned: short.mine, adam: short.adam, longLearned: long.mine, longAdam: long.adam },
  };
}

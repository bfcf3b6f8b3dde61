/** Tasks on which a learned optimizer is judged, and training runs on them by it and by optimizers of the field. */
import {
  type Experiment,
  type LabelledData,
  type Problem,
  createLearnedOptimizer,
  defineExperiment,
  random,
} from "unspool";
import { z } from "zod";
import { loadMnist } from "../shared/data/mnist.ts";
import { oneAfterAnother, stacked } from "../shared/oneAfterAnother.ts";
import { unrolling, unrollingSteps } from "../shared/unrolling.ts";
import { learnedFields, learnedOptions } from "./learnedOptimizer.ts";
import { type TaskSettings, taskProblem } from "./learnedOptimizerStudy.ts";
import { candidatesOf, rivalNames } from "./rivalOptimizers.ts";

/** Its own task and the same over longer runs see training images, the others the test images. */
export const taskNames = ["own", "longer", "wider", "deeper", "tanh", "larger-batches", "linear"] as const;
export type TaskName = (typeof taskNames)[number];

const { architecture, options, hidden, scales, horizon, batchSize, pool, evaluationRuns } = learnedFields;

/** Training steps of the runs beyond the horizon. */
export const longHorizonField: z.ZodDefault<z.ZodInt> = z
  .int()
  .min(1)
  .default(1000)
  .describe("training steps of the runs beyond the horizon");

const config = z.strictObject({
  task: z.enum(taskNames).default("own"),
  ...{ architecture, options, hidden, scales, horizon, batchSize, pool, evaluationRuns },
  longHorizon: longHorizonField,
});
type Config = z.infer<typeof config>;
const rivalConfig = config.extend({
  optimizer: z.enum(rivalNames as [string, ...string[]]).default("adam"),
});

interface JudgedTask {
  data: LabelledData;
  settings: TaskSettings;
}

function taskOf({ task, pool: pixels, longHorizon, ...settings }: Config): JudgedTask {
  const { train, test } = loadMnist(pixels);
  const own: TaskSettings = { ...settings, hidden: settings.hidden[0]! };
  const unseen: TaskSettings = { ...own, scales: [1, 1] };
  const tasks: Readonly<Record<TaskName, JudgedTask>> = {
    own: { data: train, settings: own },
    longer: { data: train, settings: { ...own, horizon: longHorizon } },
    wider: { data: test, settings: { ...unseen, hidden: [64] } },
    deeper: { data: test, settings: { ...unseen, hidden: [16, 16] } },
    tanh: { data: test, settings: { ...unseen, activation: "tanh" } },
    "larger-batches": { data: test, settings: { ...unseen, batchSize: 4 * unseen.batchSize } },
    linear: { data: test, settings: { ...unseen, hidden: [] } },
  };
  return tasks[task];
}

/** For people. */
export function taskWords(task: TaskName, size: number): string {
  const words: Readonly<Record<TaskName, string>> = {
    own: "its own",
    longer: "its own, longer",
    wider: "wider: 64 units",
    deeper: "deeper: 16, 16 units",
    tanh: "tanh",
    "larger-batches": `batches of ${4 * size}`,
    linear: "linear",
  };
  return words[task];
}

/** Points of a learning curve, about. */
const points = 100;
const windowOf = ({ horizon: steps }: Problem): number => Math.max(1, Math.floor(steps / points));

/** Training runs by the learned optimizer with the parameters `meta`. */
export function learnedRuns(meta: unknown): Experiment {
  return defineExperiment<Config>({
    name: "learned-runs",
    summary: "training runs by a learned optimizer",
    config,
    setup(settings, key) {
      const { data, settings: own } = taskOf(settings);
      const learned = createLearnedOptimizer(settings.architecture, learnedOptions(settings));
      const problem = taskProblem(learned, data, own) as Problem;
      const window = windowOf(problem);
      return {
        theta: meta,
        method: unrolling(problem, {
          key: random.foldIn(key, "evaluation"),
          particles: settings.evaluationRuns,
          window,
        }),
        steps: unrollingSteps(problem, undefined, window),
      };
    },
  });
}

/**
 * Training runs by each candidate of an optimizer of the field in turn, from the same seeds: by Adam with each of its
 * learning rates. Theta are the parameters of all, [candidates, …]; the metric `rate` is the index of the one of the step.
 */
export const rivalRuns: Experiment = defineExperiment<z.infer<typeof rivalConfig>>({
  name: "rival-runs",
  summary: "training runs by an optimizer of the field with several learning rates",
  config: rivalConfig,
  setup({ optimizer, ...settings }, key) {
    const { data, settings: own } = taskOf(settings);
    const evaluationKey = random.foldIn(key, "evaluation");
    const { metas, learned } = candidatesOf(optimizer, own.horizon, evaluationKey);
    const problems = new Map<unknown, Problem>();
    const problemOf = (index: number): Problem => {
      const by = learned(index);
      const known = problems.get(by) ?? (taskProblem(by, data, own) as Problem);
      problems.set(by, known);
      return known;
    };
    const window = windowOf(problemOf(0));
    const particles = settings.evaluationRuns;
    const runs = metas.map((_, index) =>
      unrolling(problemOf(index), { key: evaluationKey, particles, window }),
    );
    return {
      theta: stacked(metas),
      method: oneAfterAnother(runs, own.horizon),
      steps: metas.length * unrollingSteps(problemOf(0), undefined, window),
    };
  },
});

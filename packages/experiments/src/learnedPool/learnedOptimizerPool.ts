/** Meta-training of a learned optimizer on a pool of tasks of many sizes and scales. */
import {
  type EstimatorName,
  type Experiment,
  type Key,
  createLearnedOptimizer,
  defineExperiment,
  metaTraining,
  random,
  unroll,
} from "unspool";
import { z } from "zod";
import { metaLossFigure } from "../learnedOptimizer/learnedOptimizerFigures.ts";
import { metaOptimizer, metaOptimizerFields } from "../learnedOptimizer/metaOptimizer.ts";
import { mean } from "../shared/series.ts";
import { poolEstimator } from "./poolEstimator.ts";
import { poolTasks, trainedKinds } from "./poolTasks.ts";

/** Of `star`, where a config has no others. */
const tuned = {
  isScaleFree: true,
  isRelative: true,
  hasTensorControl: true,
  nominalStep: 0.05,
  stepMultiplier: 0.0005,
};

const config = z.strictObject({
  ...metaOptimizerFields({ steps: 10_000, outerLearningRate: 0.003, outerWeightDecay: 0.02 }),
  options: z
    .record(z.string(), z.unknown())
    .default(tuned)
    .describe("options of the learned optimizer, in place of these"),
  estimator: z
    .enum(["nres", "pes", "truncatedEs"])
    .default("nres" satisfies EstimatorName)
    .describe("gradient estimator"),
  sigma: z.number().positive().default(0.02).describe("standard deviation of the perturbations"),
  pairs: z.int().min(1).default(6).describe("antithetic pairs of each task"),
  truncation: z.int().min(1).default(40).describe("longest window of a task"),
  tasks: z.int().min(1).default(30).describe("tasks in the pool"),
  tasksPerStep: z.int().min(1).default(3).describe("tasks of an outer step, drawn from the pool"),
  longest: z.int().min(2).default(2000).describe("longest training run of a task"),
  dearest: z
    .number()
    .positive()
    .default(1.5e7)
    .describe("most multiplications of a training step, about; dearer tasks are drawn again"),
  windowCost: z
    .number()
    .positive()
    .default(5e7)
    .describe("multiplications of a pair's windows above which windows are shorter"),
});
type Config = z.infer<typeof config>;

/** Steps of the training runs that are measured after the last outer step. */
const measuredSteps = 100;

export const learnedOptimizerPool: Experiment = defineExperiment<Config>({
  name: "learned-optimizer-pool",
  summary: "a learned optimizer, trained by noise-reuse ES on a pool of tasks of many sizes and scales",
  paper:
    "Metz et al., VeLO (2022), at CPU size: a pool of tasks; Harrison, Metz, Sohl-Dickstein (NeurIPS 2022): the optimizer",
  config,
  setup(settings: Config, key: Key) {
    const learned = createLearnedOptimizer(settings.architecture, settings.options);
    const tasks = poolTasks(random.foldIn(key, "tasks"), { kinds: trainedKinds, ...settings });
    return {
      theta: learned.init(random.foldIn(key, "parameters")),
      estimator: poolEstimator(learned, tasks, settings),
      optimizer: metaOptimizer(settings),
      steps: settings.steps,
      async evaluate(theta, _initial, _stepsDone, measure) {
        const rows = await measure("runs", tasks.length, (i) => {
          const { horizon, unit, family } = tasks[i]!;
          const steps = Math.min(measuredSteps, horizon);
          const problem = metaTraining(learned, family(), { horizon: steps });
          const { losses } = unroll(problem, theta, { key: random.foldIn(key, "evaluation") });
          return [losses.mean().item() / unit];
        });
        const each = rows.map(([loss]) => loss!);
        return {
          metrics: { loss: mean(each) },
          table: {
            title: `Mean loss of ${measuredSteps} steps at most, in units of the loss before training`,
            columns: ["task", "loss"],
            rows: tasks.map(({ words }, i) => [words, each[i]!]),
          },
        };
      },
      figures: (run) => [metaLossFigure(run.metrics)],
    };
  },
});

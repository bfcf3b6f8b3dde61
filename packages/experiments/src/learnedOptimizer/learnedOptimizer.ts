/** Meta-training of a learned optimizer on small networks. */
import {
  type AnyEstimator,
  type EstimatorOptions,
  type Experiment,
  type Key,
  type Problem,
  createEstimator,
  createLearnedOptimizer,
  defineExperiment,
  innerProblem,
  meanOf,
  random,
} from "unspool";
import { z } from "zod";
import { loadMnist } from "../shared/data/mnist.ts";
import { type EstimatorFields, estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { metaLossFigure } from "./learnedOptimizerFigures.ts";
import { taskProblem, trainingRuns } from "./learnedOptimizerStudy.ts";
import { type MetaOptimizerFields, metaOptimizer, metaOptimizerFields } from "./metaOptimizer.ts";

interface LearnedFields extends EstimatorFields, MetaOptimizerFields {
  options: z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodUnknown>>;
  hidden: z.ZodDefault<z.ZodArray<z.ZodArray<z.ZodInt>>>;
  scales: z.ZodDefault<z.ZodTuple<[z.ZodNumber, z.ZodNumber], null>>;
  horizon: z.ZodDefault<z.ZodInt>;
  batchSize: z.ZodDefault<z.ZodInt>;
  pool: z.ZodDefault<
    z.ZodUnion<readonly [z.ZodLiteral<1>, z.ZodLiteral<2>, z.ZodLiteral<4>, z.ZodLiteral<7>]>
  >;
  evaluationRuns: z.ZodDefault<z.ZodInt>;
}

export const learnedFields: LearnedFields = {
  ...estimatorFields({ sigma: 0.01, pairs: 8, truncation: 20 }, "pes", {
    noSearch:
      "each step averages gradients over tasks of several networks, and a search judges by one inner problem",
  }),
  ...metaOptimizerFields({ steps: 600, outerLearningRate: 0.01, outerWeightDecay: 0.2 }),
  options: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      "options of the learned optimizer, over its own (star: nominalStep 0.003, stepMultiplier 0.0001)",
    ),
  hidden: z
    .array(z.array(z.int().min(1)))
    .min(1)
    .default([[16]])
    .describe("hidden layers of the networks that it trains; the gradient is the mean over all"),
  scales: z
    .tuple([z.number().positive(), z.number().positive()])
    .default([1, 1])
    .describe("range of the scales by which tensors of a task are reparameterised"),
  horizon: z.int().min(1).default(100).describe("training steps of a network"),
  batchSize: z.int().min(1).default(32),
  pool: z
    .union([z.literal(1), z.literal(2), z.literal(4), z.literal(7)])
    .default(4)
    .describe("pixels averaged per side"),
  evaluationRuns: z
    .int()
    .min(1)
    .default(16)
    .describe("training runs from new seeds per optimizer at the end"),
};

const config = z.strictObject(learnedFields);
type Config = z.infer<typeof config>;

/** Options that an architecture has here, where they are not its defaults. */
const tuned: Readonly<Record<string, Record<string, unknown>>> = {
  star: { nominalStep: 0.003, stepMultiplier: 0.0001 },
};

/** All options of the learned optimizer of a config that differ from its defaults. */
export function learnedOptions(config: {
  architecture: string;
  options: Record<string, unknown>;
}): Record<string, unknown> {
  return { ...tuned[config.architecture], ...config.options };
}

export const learnedOptimizer: Experiment = defineExperiment<Config>({
  name: "learned-optimizer",
  summary: "a learned optimizer, trained by PES through whole training runs",
  paper:
    "Metz et al. (CoLLAs 2022); Harrison, Metz, Sohl-Dickstein (NeurIPS 2022), Figure 3; networks on MNIST at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const mnist = loadMnist(settings.pool);
    const learned = createLearnedOptimizer(settings.architecture, learnedOptions(settings));
    const options = { ...estimatorOptions(settings), resets: "staggered", objective: "mean" } as const;
    const problems = settings.hidden.map((hidden) =>
      taskProblem(learned, mnist.train, { ...settings, hidden }),
    );
    return {
      theta: learned.init(random.foldIn(key, "parameters")),
      estimator: estimatorOf(settings, problems, options),
      inner: innerProblem(problems[0]!, options),
      optimizer: metaOptimizer(settings),
      steps: settings.steps,
      evaluate(theta) {
        const [evaluationKey, runs] = [random.foldIn(key, "evaluation"), settings.evaluationRuns];
        const { mean: loss, final: finalLoss } = trainingRuns(problems[0]!, theta, evaluationKey, runs);
        return { metrics: { loss, finalLoss } };
      },
      figures: (run) => [metaLossFigure(run.metrics)],
    };
  },
});

function estimatorOf(
  { estimator }: Config,
  problems: readonly Problem[],
  options: EstimatorOptions,
): AnyEstimator {
  const each = problems.map((problem) => createEstimator(estimator, problem, options));
  return each.length === 1 ? each[0]! : meanOf(each);
}

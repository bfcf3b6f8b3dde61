/** 29 hyperparameters of three kinds, tuned at once through whole training runs. */
import {
  type Experiment,
  type Figure,
  type MixedTheta,
  type RunRecord,
  adam,
  defineExperiment,
  innerProblem,
  mixedTuning,
  random,
} from "unspool";
import { z } from "zod";
import { loadMnist } from "../shared/data/mnist.ts";
import { type EstimatorFields, estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { thin } from "../shared/series.ts";
import { type MixedProblem, initialTheta, meanLoss } from "./mixedThetas.ts";
import { withSearches } from "../shared/withSearches.ts";

interface MixedFields extends EstimatorFields {
  steps: z.ZodDefault<z.ZodInt>;
  outerLearningRate: z.ZodDefault<z.ZodNumber>;
  horizon: z.ZodDefault<z.ZodInt>;
  batchSize: z.ZodDefault<z.ZodInt>;
  hiddenLayers: z.ZodDefault<z.ZodInt>;
  maxWidth: z.ZodDefault<z.ZodInt>;
  evaluationRuns: z.ZodDefault<z.ZodInt>;
}

export const mixedFields: MixedFields = {
  ...estimatorFields({ sigma: 0.3, pairs: 5, truncation: 10 }),
  nanPolicy: z.enum(["error", "zero"]).default("zero").describe("a diverged network leaves its pair out"),
  steps: z.int().min(1).default(1500).describe("outer steps"),
  outerLearningRate: z.number().positive().default(0.03).describe("of Adam on theta"),
  horizon: z.int().min(1).default(100).describe("training steps of the network"),
  batchSize: z.int().min(1).default(32),
  hiddenLayers: z.int().min(1).default(5),
  maxWidth: z.int().min(2).default(16).describe("units of a hidden layer before masking"),
  evaluationRuns: z
    .int()
    .min(1)
    .default(16)
    .describe("training runs from new seeds for every value in the end"),
};

const config = withSearches(z.strictObject(mixedFields), { optimizer: ["outerLearningRate"] });
type Config = z.infer<typeof config>;

/** The network whose training is tuned. */
export interface MixedSizes {
  batchSize: number;
  hiddenLayers: number;
  /** Training steps. */
  horizon: number;
  /** Units of a hidden layer before masking. */
  maxWidth: number;
}

export function mixedProblem({ hiddenLayers, maxWidth, batchSize, horizon }: MixedSizes): MixedProblem {
  const { train, validation } = loadMnist(4);
  const sizes = { train, validation, classes: 10, hiddenLayers, maxWidth, batchSize, horizon };
  return mixedTuning(sizes);
}

export const mnistMixed: Experiment<unknown, MixedTheta> = defineExperiment<Config, MixedTheta>({
  name: "mnist-mixed",
  summary: "29 learning rates, momenta and layer widths of a network on MNIST",
  paper:
    "Vicol, Metz, Sohl-Dickstein (ICML 2021), section 5.2; Vicol, Kolter, Swersky (ICML 2023), Figure 9, at CPU size",
  config,
  setup(settings, key) {
    const { hiddenLayers, evaluationRuns, horizon } = settings;
    const problem = mixedProblem(settings);
    const options = { ...estimatorOptions(settings), objective: "mean" } as const;
    const value = (theta: MixedTheta): number =>
      meanLoss(problem, theta, random.foldIn(key, "evaluation"), evaluationRuns);
    const rate = outerRate(
      settings.outerLearningRate,
      (to) => adam({ learningRate: to }),
      "outerLearningRate",
    );
    return {
      theta: initialTheta(random.foldIn(key, "initial theta"), hiddenLayers),
      ...outerParts(settings.estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps: settings.steps,
      evaluate(theta, initial) {
        const [initialLoss, tunedLoss] = [value(initial), value(theta)];
        return {
          metrics: { initialLoss, tunedLoss },
          table: {
            title: `Mean validation loss over ${horizon} training steps, ${evaluationRuns} new seeds`,
            columns: ["hyperparameters", "mean validation loss"],
            rows: [
              ["initial", initialLoss],
              ["tuned", tunedLoss],
            ],
          },
        };
      },
      figures: (run) => [widthsFigure(run, settings.maxWidth), blocksFigure(run, hiddenLayers)],
    };
  },
});

type Run = RunRecord<MixedTheta>;

function widthsFigure(run: Run, maxWidth: number): Figure {
  const points = thin(run.metrics, 400);
  const layers = points[0]?.theta?.["widthLogit"]?.length ?? 0;
  return {
    id: "widths",
    title: "Units in use",
    caption: "The loss is a step function of these: no estimator that differentiates sees them.",
    x: { label: "outer step" },
    y: { label: "units of a hidden layer" },
    series: Array.from({ length: layers }, (_, i) => ({
      name: `layer ${i + 1}`,
      x: points.map(({ step }) => step),
      y: points.map(({ theta }) => Math.floor(maxWidth / (1 + Math.exp(-theta!["widthLogit"]![i]!)))),
    })),
  };
}

function blocksFigure({ initialTheta, theta }: Run, hiddenLayers: number): Figure {
  const blocks = Array.from({ length: hiddenLayers + 1 }, (_, layer) => layer + 1);
  const rates = ({ logLearningRate }: MixedTheta, part: 0 | 1) =>
    blocks.map((_, i) => Math.exp(logLearningRate.data[2 * i + part]!));
  return {
    id: "blocks",
    title: "Learning rates by layer",
    caption: "Of the weights and of the biases, before and after tuning.",
    x: { label: "layer" },
    y: { label: "learning rate", scale: "log" },
    series: [
      { name: "weights, initial", kind: "dots", x: blocks, y: rates(initialTheta, 0) },
      { name: "weights, tuned", x: blocks, y: rates(theta, 0) },
      { name: "biases, initial", kind: "dots", x: blocks, y: rates(initialTheta, 1) },
      { name: "biases, tuned", x: blocks, y: rates(theta, 1) },
    ],
  };
}

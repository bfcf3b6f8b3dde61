/**
 * Ten learned images in the place of MNIST: what warm-started training reaches with them, and what is left when a new
 * network is trained on the images alone.
 */
import {
  type BilevelTheta,
  type Distillation,
  type Distilled,
  type Experiment,
  type Layer,
  type Measure,
  type RunRecord,
  adam,
  bilevel,
  bilevelComparison,
  compiled,
  defineExperiment,
  distillation,
  random,
  retrainGap,
  sgd,
} from "unspool";
import { z } from "zod";
import { mnistPart } from "../shared/data/mnist.ts";
import { distillationFigures } from "./distillationFigures.ts";

const config = z.strictObject({
  strategy: z
    .enum(["warm", "cold"])
    .default("warm")
    .describe("warm: weights go on from the last outer step; cold: they start anew"),
  steps: z.int().min(1).default(3000).describe("outer steps"),
  innerSteps: z.int().min(1).default(1).describe("of gradient descent on the images, per outer step"),
  innerLearningRate: z.number().positive().default(0.02),
  learningRate: z.number().positive().default(0.02).describe("of Adam on the images"),
  hypergradient: z
    .enum(["unroll", "neumann", "identity", "cg", "normalCg"])
    .default("unroll")
    .describe("how the response of the weights is approximated"),
  terms: z.int().min(1).default(20).describe("of neumann"),
  images: z.int().min(1).default(10).describe("learned images, of the digits 0, 1, … in turn"),
  learnLabels: z.boolean().default(false),
  hidden: z.array(z.int().min(1)).default([64]).describe("units of the hidden layers"),
  trainingImages: z.int().min(100).max(50_000).default(5000).describe("that the learned ones stand for"),
  testImages: z.int().min(100).max(10_000).default(2000),
  batchSize: z.int().min(1).default(128).describe("of outer steps"),
  retrainSteps: z.int().min(1).default(500).describe("of training a new network on the images"),
  compareSteps: z.int().min(1).default(20).describe("inner steps of the trajectories that compare looks at"),
  retrainSeeds: z.int().min(1).default(3).describe("new networks at the end of the run"),
});

type Config = z.infer<typeof config>;
export type DistillationTheta = BilevelTheta<Distilled, Layer[]>;

export const datasetDistillation: Experiment<unknown, DistillationTheta> = defineExperiment<
  Config,
  DistillationTheta
>({
  name: "dataset-distillation",
  summary: "ten learned images in the place of MNIST, and what a network trained on them alone can do",
  paper: "Vicol, Lorraine, Pedregosa, Duvenaud, Grosse (ICML 2022), Table 3, at CPU size",
  config,
  setup(settings, key) {
    const data = mnistPart("train", [0, settings.trainingImages], 2);
    const { images, hidden, batchSize, learnLabels } = settings;
    const task = distillation({ data, classes: 10, images, hidden, batchSize, learnLabels });
    const solver = {
      optimizer: sgd({ learningRate: settings.innerLearningRate }),
      steps: settings.innerSteps,
    };
    const { inner, outer, start, data: draw } = task;
    const problem = { inner, outer, start, ...(draw && { data: draw }) };
    const theta = task.theta(random.foldIn(key, "theta"));
    return {
      theta,
      steps: settings.steps,
      method: bilevel({
        ...problem,
        solver,
        strategy: settings.strategy,
        optimizer: adam({ learningRate: settings.learningRate }),
        hypergradient: {
          kind: settings.hypergradient,
          ...(settings.hypergradient === "neumann" && { terms: settings.terms }),
        },
        retrain: { every: Math.max(1, Math.round(settings.steps / 15)), steps: settings.retrainSteps },
      }),
      inner: {
        ...bilevelComparison(problem, {
          theta: theta.outer,
          weights: theta.weights,
          optimizer: sgd({ learningRate: settings.innerLearningRate }),
          steps: settings.compareSteps,
          pairs: 4,
        }),
        learningRate: {
          value: settings.learningRate,
          optimizer: (learningRate) => adam({ learningRate }),
        },
      },
      evaluate: (end, first, _steps, measure) => evaluation(task, settings, end, first, measure),
      figures: (run: RunRecord<DistillationTheta>) => distillationFigures(run),
    };
  },
});

/** Test accuracy of the weights of the run, and of weights trained anew: from new starts, and from the run's own. */
async function evaluation(
  task: Distillation,
  settings: Config,
  end: DistillationTheta,
  start: DistillationTheta,
  measure: Measure,
) {
  const test = mnistPart("test", [0, settings.testImages], 2);
  const accuracy = compiled("accuracy", (weights: Layer[]) => task.accuracy(weights, test));
  const solver = {
    optimizer: sgd({ learningRate: settings.innerLearningRate }),
    steps: settings.retrainSteps,
  };
  const { retrainSteps, retrainSeeds, strategy, innerSteps } = settings;
  /** Accuracies of networks trained anew: from weights that are given, as long as a cold start trains, or from new ones. */
  const retrained = (weights?: Layer[]): number[] =>
    retrainGap(task, end, {
      solver,
      steps: strategy === "cold" && weights !== undefined ? innerSteps : retrainSteps,
      seeds: weights === undefined ? retrainSeeds : 1,
      measure: (_, network) => task.accuracy(network, test),
      ...(weights !== undefined && { weights }),
    }).retrained;
  const [fresh] = (await measure("retrained", 1, () => retrained())) as [number[]];
  const [[same]] = (await measure("retrained from the same start", 1, () => retrained(start.weights))) as [
    [number],
  ];
  const trained = accuracy(end.weights).item();
  const mean = fresh.reduce((sum, one) => sum + one, 0) / fresh.length;
  return {
    metrics: {
      accuracy: trained,
      initialAccuracy: accuracy(start.weights).item(),
      retrainedAccuracy: mean,
      retrainedSameStart: same,
      retrainGap: trained - mean,
    },
    table: {
      title: `Accuracy on ${settings.testImages} test images, ${settings.strategy} starts`,
      columns: ["weights", "accuracy"],
      rows: [
        ["of the run", trained],
        ["trained anew from the run's own start", same],
        ...fresh.map((value, i) => [`trained anew, seed ${i + 1}`, value]),
      ],
    },
  };
}

/** Rules for the learning rate of large batches, each tried at one batch size for the same number of epochs. */
import {
  type Experiment,
  type Optimizer,
  type Tensor,
  defineExperiment,
  lamb,
  lars,
  linearScaling,
  momentum,
  np,
  random,
  squareRootScaling,
} from "unspool";
import { z } from "zod";
import { loadSmallMnist } from "../shared/data/mnist.ts";
import { gridSetup } from "../shared/trainedGrid.ts";
import { base, batchTraining, imagesField, stepsOf, tunedBatch } from "./batchTraining.ts";

/** Hyperparameters of one training run. */
type Setting = { learningRate: number; warmupSteps: number };
type Hyperparameters = Record<keyof Setting, Tensor>;

/** Gradual warm-up to a learning rate, both learnable: rate · min(1, t / steps), t from 1. */
function warmedUp({ learningRate, warmupSteps }: Hyperparameters) {
  return (step: Tensor): Tensor =>
    learningRate.mul(np.minimum(step.astype(learningRate.dtype).add(1).div(warmupSteps), 1));
}

/** Rules of one optimizer are trained side by side. */
export const scaledOptimizers = ["momentum", "lars", "lamb"] as const;
type ScaledOptimizer = (typeof scaledOptimizers)[number];

/** One way to set the learning rate at a batch size. */
export interface ScalingRule {
  name: string;
  optimizer: ScaledOptimizer;
  learningRate(batchSize: number): number;
  hasWarmup: boolean;
}

/** Learning rates that were tuned for LARS and LAMB. */
const [larsBase, lambBase] = [0.22, 0.006];
const both = (name: string, learningRate: (batchSize: number) => number): ScalingRule[] =>
  [false, true].map((hasWarmup) => ({
    name: hasWarmup ? `${name}, warm-up` : name,
    optimizer: "momentum",
    learningRate,
    hasWarmup,
  }));

export const rules: readonly ScalingRule[] = [
  ...both("unscaled", () => base),
  ...both("square root", (batchSize) =>
    squareRootScaling({ learningRate: base, tunedBatch, batch: batchSize }),
  ),
  ...both("linear", (batchSize) => linearScaling({ learningRate: base, tunedBatch, batch: batchSize })),
  {
    name: "LARS, square root, warm-up",
    optimizer: "lars",
    learningRate: (batchSize) => squareRootScaling({ learningRate: larsBase, tunedBatch, batch: batchSize }),
    hasWarmup: true,
  },
  {
    name: "LAMB, square root, warm-up",
    optimizer: "lamb",
    learningRate: (batchSize) => squareRootScaling({ learningRate: lambBase, tunedBatch, batch: batchSize }),
    hasWarmup: true,
  },
];

const optimizers: Readonly<Record<ScaledOptimizer, (theta: Hyperparameters) => Optimizer>> = {
  momentum: (theta) => momentum({ learningRate: warmedUp(theta), momentum: 0.9 }),
  lars: (theta) => lars({ learningRate: warmedUp(theta), trust: 0.02, weightDecay: 0 }),
  lamb: (theta) => lamb({ learningRate: warmedUp(theta), weightDecay: 0 }),
};

/** Share of the steps in which the learning rate warms up. */
const warmupShare = 0.2;

/** Indices of the rules of an optimizer, in the order of its settings. */
export function rulesOf(optimizer: ScaledOptimizer): number[] {
  return rules.flatMap((rule, i) => (rule.optimizer === optimizer ? [i] : []));
}

const config = z.strictObject({
  batchSize: z.int().min(1).max(5000).default(500),
  optimizer: z.enum(scaledOptimizers).default("momentum").describe("whose rules are tried"),
  images: imagesField,
  network: z.int().min(0).default(0).describe("which first weights and batches"),
});

export const scalingRuns: Experiment<unknown, Record<string, Tensor>> = defineExperiment<
  z.infer<typeof config>,
  Record<string, Tensor>
>({
  name: "scaling-runs",
  summary: "rules for the learning rate at one batch size",
  config,
  setup({ batchSize, optimizer, images, network }, key) {
    const data = loadSmallMnist(images);
    const training = batchTraining<Hyperparameters>(data, batchSize, optimizers[optimizer]);
    const settings = rulesOf(optimizer).map((i): Setting => ({
      learningRate: rules[i]!.learningRate(batchSize),
      warmupSteps: rules[i]!.hasWarmup ? warmupShare * stepsOf(batchSize, images) : 1,
    }));
    return gridSetup(training, settings, { data, key: random.foldIn(key, "study"), network });
  },
});

/** Large batches: rules for the learning rate, growing batches, and the learning rate that a large batch wants. */
import {
  type Experiment,
  type Key,
  type Tensor,
  adam,
  createEstimator,
  defineExperiment,
  innerProblem,
  momentum,
  nn,
  np,
  random,
  unroll,
} from "unspool";
import { z } from "zod";
import { type AdaScaleRun, adaScaleRuns, batchesPerUpdate } from "./adaScaleRun.ts";
import { loadSmallMnist } from "../shared/data/mnist.ts";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerRate } from "../shared/outerRate.ts";
import {
  controllersFigure,
  gainsFigure,
  growthFigure,
  noiseScaleFigure,
  scalingFigure,
  tunedFigure,
} from "./largeBatchFigures.ts";
import {
  type Controlled,
  type Growth,
  base,
  batchTraining,
  controlledRuns,
  epochs,
  growOrDecay,
  rules,
  scalingStudy,
  tunedBatch,
} from "./largeBatchStudy.ts";
import { mean } from "../shared/series.ts";
import type { Trained } from "../shared/trainedGrid.ts";

const config = z.strictObject({
  ...estimatorFields({ sigma: 0.1, pairs: 4, truncation: 10 }),
  steps: z.int().min(1).default(30).describe("outer steps of tuning the learning rate of a large batch"),
  outerLearningRate: z.number().positive().default(0.1).describe("of Adam on the hyperparameters"),
  batchSize: z.int().min(1).max(5000).default(500).describe("the large batch whose learning rate is tuned"),
  batchSizes: z.array(z.int().min(1).max(5000)).min(1).default([50, 200, 500, 1000]).describe("compared"),
  seeds: z.int().min(1).default(1).describe("training runs per setting"),
});

type Config = z.infer<typeof config>;
/** Unconstrained. */
type Theta = { logLearningRate: Tensor; momentumLogit: Tensor };

/** What the study found. */
export interface LargeBatchStudy {
  batchSizes: readonly number[];
  /** By batch size, in the order of `rules`. */
  scaling: Trained[][];
  growth: { decay: Growth; grow: Growth };
  controlled: Controlled[];
  adaScale: AdaScaleRun;
}

/** Training runs from new seeds per theta that is evaluated. */
const evaluationRuns = 8;

export const largeBatch: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "large-batch",
  summary:
    "training with large batches: learning-rate rules, growing batches, gradient noise, a tuned learning rate",
  paper:
    "He, Xue, Ren, You (2021), large-batch training: Goyal et al. 2017, You et al. 2017 and 2020, Smith et al. 2018",
  config,
  setup(settings: Config, key: Key) {
    const data = loadSmallMnist();
    const training = batchTraining<Theta>(data, settings.batchSize, ({ logLearningRate, momentumLogit }) =>
      momentum({ learningRate: np.exp(logLearningRate), momentum: nn.sigmoid(momentumLogit) }),
    );
    const { horizon } = training.problem;
    const truncation = Math.min(settings.truncation, horizon);
    const options = { ...estimatorOptions(settings), truncation, objective: "mean" } as const;
    let found: LargeBatchStudy | undefined;
    const study = (): LargeBatchStudy => {
      const { batchSizes, seeds } = settings;
      const shared = { data, key: random.foldIn(key, "study"), seeds };
      return (found ??= {
        batchSizes,
        scaling: scalingStudy(batchSizes, shared),
        growth: growOrDecay(shared),
        controlled: controlledRuns(shared),
        adaScale: adaScaleRuns(shared),
      });
    };
    const curve = (theta: Theta): number[] => {
      const run = { key: random.foldIn(key, "evaluation"), particles: evaluationRuns };
      return [...unroll(training.problem, theta, run).losses.mean(1).data];
    };
    const rate = outerRate(
      settings.outerLearningRate,
      (to) => adam({ learningRate: to }),
      "outerLearningRate",
    );
    return {
      theta: {
        logLearningRate: np.array(Math.log(base)),
        momentumLogit: np.array(Math.log(9)),
      },
      estimator: createEstimator(settings.estimator, training.problem, options),
      inner: innerProblem(training.problem, options, rate),
      optimizer: rate.optimizer(rate.value),
      steps: settings.steps,
      evaluate: (theta, initial) => ({
        metrics: {
          initialMeanLoss: mean(curve(initial)),
          tunedMeanLoss: mean(curve(theta)),
          tunedLearningRate: Math.exp(theta.logLearningRate.item()),
          tunedMomentum: nn.sigmoid(theta.momentumLogit).item(),
          ...measures(study()),
        },
        table: {
          title: `Training loss after ${epochs} epochs (test accuracy) by batch size; tuned at ${tunedBatch}`,
          columns: ["learning rate", ...settings.batchSizes.map(String)],
          rows: rules.map(({ name }, i) => [name, ...study().scaling.map((row) => shown(row[i]!))]),
        },
      }),
      figures: ({ theta, initialTheta }) => [
        scalingFigure(study()),
        growthFigure(study()),
        controllersFigure(study()),
        noiseScaleFigure(study()),
        gainsFigure(study()),
        tunedFigure(settings.batchSize, curve(initialTheta), curve(theta)),
      ],
    };
  },
});

function measures({
  growth: { decay, grow },
  controlled,
  adaScale,
}: LargeBatchStudy): Record<string, number> {
  return {
    decayLoss: decay.loss,
    growLoss: grow.loss,
    decayAccuracy: decay.accuracy,
    growAccuracy: grow.accuracy,
    decayUpdates: decay.updates,
    growUpdates: grow.updates,
    firstNoiseScale: controlled[0]!.epochs[0]!.noiseScale,
    ...Object.fromEntries(
      controlled.flatMap(({ name, epochs: done, accuracy }) => [
        [`${name}LastBatch`, done.at(-1)!.batchSize],
        [`${name}Updates`, done.at(-1)!.updates],
        [`${name}Accuracy`, accuracy],
      ]),
    ),
    adaScaleUpdates: adaScale.updates,
    adaScaleLoss: adaScale.trainLoss,
    adaScaleAccuracy: adaScale.testAccuracy,
    adaScaleMeanGain: mean(adaScale.gains) / batchesPerUpdate,
  };
}

function shown({ trainLoss, testAccuracy }: Trained): string {
  const loss = Number.isFinite(trainLoss) ? trainLoss.toFixed(4) : "diverged";
  return `${loss} (${(100 * testAccuracy).toFixed(1)} %)`;
}

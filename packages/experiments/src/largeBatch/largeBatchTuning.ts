/** Learning rate and momentum of a large batch, tuned through whole training runs. */
import {
  type Experiment,
  type NetworkTraining,
  type Tensor,
  adam,
  defineExperiment,
  innerProblem,
  momentum,
  nn,
  np,
  random,
} from "unspool";
import { z } from "zod";
import { loadSmallMnist } from "../shared/data/mnist.ts";
import { type EstimatorFields, estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { unrolling, unrollingSteps } from "../shared/unrolling.ts";
import { base, batchTraining, imagesField } from "./batchTraining.ts";
import { withSearches } from "../shared/withSearches.ts";

interface TuningFields extends EstimatorFields {
  steps: z.ZodDefault<z.ZodInt>;
  outerLearningRate: z.ZodDefault<z.ZodNumber>;
  batchSize: z.ZodDefault<z.ZodInt>;
  images: z.ZodDefault<z.ZodInt>;
}

export const tuningFields: TuningFields = {
  ...estimatorFields({ sigma: 0.1, pairs: 4, truncation: 10 }),
  steps: z.int().min(1).default(30).describe("outer steps of tuning the learning rate of a large batch"),
  outerLearningRate: z.number().positive().default(0.1).describe("of Adam on the hyperparameters"),
  batchSize: z.int().min(1).max(5000).default(500).describe("the large batch whose learning rate is tuned"),
  images: imagesField,
};

const config = withSearches(z.strictObject(tuningFields), { optimizer: ["outerLearningRate"] });

/** Unconstrained. */
export type LargeBatchTheta = { logLearningRate: Tensor; momentumLogit: Tensor };

export const largeBatchTuning: Experiment<unknown, LargeBatchTheta> = defineExperiment<
  z.infer<typeof config>,
  LargeBatchTheta
>({
  name: "large-batch-tuning",
  summary: "learning rate and momentum of a large batch, tuned on a small network",
  paper: "He, Xue, Ren, You (2021), large-batch training, at CPU size",
  config,
  setup(settings) {
    const { problem } = trainingOf(settings.batchSize, settings.images);
    const truncation = Math.min(settings.truncation, problem.horizon);
    const options = { ...estimatorOptions(settings), truncation, objective: "mean" } as const;
    const rate = outerRate(
      settings.outerLearningRate,
      (to) => adam({ learningRate: to }),
      "outerLearningRate",
    );
    return {
      theta: initialTheta(),
      ...outerParts(settings.estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps: settings.steps,
      evaluate: (theta) => ({
        metrics: {
          tunedLearningRate: Math.exp(theta.logLearningRate.item()),
          tunedMomentum: nn.sigmoid(theta.momentumLogit).item(),
        },
      }),
    };
  },
});

/** Training runs from new seeds per theta that is judged. */
export const judgedRuns = 8;
/** Points of a learning curve, about. */
const points = 50;

const judgeConfig = z.strictObject({ batchSize: tuningFields.batchSize, images: imagesField });

/** Training runs with hyperparameters: `tuned`, or those where tuning starts. */
export function largeBatchJudged(tuned?: LargeBatchTheta): Experiment<unknown, LargeBatchTheta> {
  return defineExperiment<z.infer<typeof judgeConfig>, LargeBatchTheta>({
    name: "large-batch-judged",
    summary: "training runs of a large batch with given hyperparameters",
    config: judgeConfig,
    setup({ batchSize, images }, key) {
      const { problem } = trainingOf(batchSize, images);
      const window = Math.max(1, Math.round(problem.horizon / points));
      return {
        theta: tuned ?? initialTheta(),
        method: unrolling(problem, {
          key: random.foldIn(key, "evaluation"),
          particles: judgedRuns,
          window,
        }),
        steps: unrollingSteps(problem, undefined, window),
      };
    },
  });
}

/** The learning rate of small batches, and momentum 0.9. */
function initialTheta(): LargeBatchTheta {
  return { logLearningRate: np.array(Math.log(base)), momentumLogit: np.array(Math.log(9)) };
}

function trainingOf(batchSize: number, images: number): NetworkTraining<LargeBatchTheta> {
  return batchTraining<LargeBatchTheta>(
    loadSmallMnist(images),
    batchSize,
    ({ logLearningRate, momentumLogit }) =>
      momentum({ learningRate: np.exp(logLearningRate), momentum: nn.sigmoid(momentumLogit) }),
  );
}

/** Lookahead's learning rate, momentum and alpha, tuned through whole training runs. */
import {
  type Experiment,
  type NetworkTraining,
  type Tensor,
  adam,
  defineExperiment,
  innerProblem,
  lookahead,
  momentum,
  nn,
  np,
  random,
} from "unspool";
import { z } from "zod";
import { type SmallMnist, loadSmallMnist } from "../shared/data/mnist.ts";
import { type EstimatorFields, estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { unrolling, unrollingSteps } from "../shared/unrolling.ts";
import { stepsPerPoint } from "../shared/trainedGrid.ts";
import { k, smallTraining } from "./lookaheadMethods.ts";
import { withSearches } from "../shared/withSearches.ts";

interface TuningFields extends EstimatorFields {
  steps: z.ZodDefault<z.ZodInt>;
  outerLearningRate: z.ZodDefault<z.ZodNumber>;
  learningRate: z.ZodDefault<z.ZodNumber>;
  momentum: z.ZodDefault<z.ZodNumber>;
  alpha: z.ZodDefault<z.ZodNumber>;
  horizon: z.ZodDefault<z.ZodInt>;
}

export const tuningFields: TuningFields = {
  ...estimatorFields({ sigma: 0.1, pairs: 4, truncation: 50 }),
  steps: z.int().min(1).default(40).describe("outer steps of tuning Lookahead"),
  outerLearningRate: z.number().positive().default(0.1).describe("of Adam on the hyperparameters"),
  learningRate: z.number().positive().default(0.03).describe("of SGD before tuning"),
  momentum: z.number().gt(0).lt(1).default(0.9).describe("of SGD before tuning"),
  alpha: z.number().gt(0).lt(1).default(0.5).describe("step size of the slow weights before tuning"),
  horizon: z.int().min(5).multipleOf(5).default(500).describe("updates of a training run"),
};

const config = withSearches(z.strictObject(tuningFields), { optimizer: ["outerLearningRate"] });
type Config = z.infer<typeof config>;

/** Unconstrained. */
export type LookaheadTheta = { logLearningRate: Tensor; momentumLogit: Tensor; alphaLogit: Tensor };

export const lookaheadTuning: Experiment<unknown, LookaheadTheta> = defineExperiment<Config, LookaheadTheta>({
  name: "lookahead-tuning",
  summary: "learning rate, momentum and alpha of Lookahead, tuned on a small network",
  paper: "Zhang, Lucas, Hinton, Ba (NeurIPS 2019), section 5, at CPU size",
  config,
  setup(settings) {
    const { problem } = trainingOf(loadSmallMnist(), settings.horizon);
    const options = { ...estimatorOptions(settings), objective: "mean" } as const;
    const rate = outerRate(
      settings.outerLearningRate,
      (to) => adam({ learningRate: to }),
      "outerLearningRate",
    );
    return {
      theta: initialTheta(settings),
      ...outerParts(settings.estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps: settings.steps,
      evaluate: (theta, initial) => ({
        metrics: { ...named("initial", initial), ...named("tuned", theta) },
      }),
    };
  },
});

/** Training runs from new seeds per theta that is judged. */
export const judgedRuns = 8;

const judgeConfig = z.strictObject({
  learningRate: tuningFields.learningRate,
  momentum: tuningFields.momentum,
  alpha: tuningFields.alpha,
  horizon: tuningFields.horizon,
});

/** Training runs with hyperparameters: `tuned`, or those of the config. */
export function lookaheadJudged(tuned?: LookaheadTheta): Experiment<unknown, LookaheadTheta> {
  return defineExperiment<z.infer<typeof judgeConfig>, LookaheadTheta>({
    name: "lookahead-judged",
    summary: "training runs with given hyperparameters of Lookahead",
    config: judgeConfig,
    setup({ horizon, ...hyperparameters }, key) {
      const { problem } = trainingOf(loadSmallMnist(), horizon);
      return {
        theta: tuned ?? initialTheta(hyperparameters),
        method: unrolling(problem, {
          key: random.foldIn(key, "evaluation"),
          particles: judgedRuns,
          window: stepsPerPoint,
        }),
        steps: unrollingSteps(problem, undefined, stepsPerPoint),
      };
    },
  });
}

function trainingOf(data: SmallMnist, horizon: number): NetworkTraining<LookaheadTheta> {
  return smallTraining<LookaheadTheta>(
    data,
    ({ logLearningRate, momentumLogit, alphaLogit }) => {
      const inner = momentum({ learningRate: np.exp(logLearningRate), momentum: nn.sigmoid(momentumLogit) });
      return lookahead(inner, { k, alpha: nn.sigmoid(alphaLogit) });
    },
    horizon,
  );
}

function initialTheta(from: { learningRate: number; momentum: number; alpha: number }): LookaheadTheta {
  return {
    logLearningRate: np.array(Math.log(from.learningRate)),
    momentumLogit: np.array(logit(from.momentum)),
    alphaLogit: np.array(logit(from.alpha)),
  };
}

const logit = (x: number): number => Math.log(x / (1 - x));
const sigmoid = (x: Tensor): number => 1 / (1 + Math.exp(-x.item()));

function named(name: "initial" | "tuned", theta: LookaheadTheta): Record<string, number> {
  return {
    [`${name}LearningRate`]: Math.exp(theta.logLearningRate.item()),
    [`${name}Momentum`]: sigmoid(theta.momentumLogit),
    [`${name}Alpha`]: sigmoid(theta.alphaLogit),
  };
}

/** Lookahead around SGD with momentum on a small network for MNIST, and its own hyperparameters tuned. */
import {
  type Experiment,
  type Key,
  type NetworkTraining,
  type Tensor,
  adam,
  createEstimator,
  defineExperiment,
  innerProblem,
  lookahead,
  momentum,
  nn,
  np,
  random,
  unroll,
} from "unspool";
import { z } from "zod";
import { type SmallMnist, loadSmallMnist } from "../shared/data/mnist.ts";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerRate } from "../shared/outerRate.ts";
import { curvesFigure, profileFigure, robustnessFigure, tunedFigure } from "./lookaheadMnistFigures.ts";
import {
  type Method,
  type Profile,
  cells,
  innerLoopProfile,
  k,
  methodNames,
  smallTraining,
  sweep,
} from "./lookaheadStudy.ts";
import { mean } from "../shared/series.ts";
import type { Trained } from "../shared/trainedGrid.ts";

const config = z.strictObject({
  ...estimatorFields({ sigma: 0.1, pairs: 4, truncation: 50 }),
  steps: z.int().min(1).default(40).describe("outer steps of tuning Lookahead"),
  outerLearningRate: z.number().positive().default(0.1).describe("of Adam on the hyperparameters"),
  learningRate: z.number().positive().default(0.03).describe("of SGD before tuning"),
  momentum: z.number().gt(0).lt(1).default(0.9).describe("of SGD before tuning"),
  alpha: z.number().gt(0).lt(1).default(0.5).describe("step size of the slow weights before tuning"),
  horizon: z.int().min(5).multipleOf(5).default(500).describe("updates of a training run"),
  seeds: z.int().min(1).default(2).describe("training runs per cell of the sweep, and of the profile"),
});

type Config = z.infer<typeof config>;
/** Unconstrained. */
type Theta = { logLearningRate: Tensor; momentumLogit: Tensor; alphaLogit: Tensor };

/** What the study found. */
export interface LookaheadStudy {
  trained: Record<Method, Trained[]>;
  /** Inner loops with momentum 0.9 by learning rate. */
  profiles: { learningRate: number; profile: Profile }[];
}

/** Training runs from new seeds per theta that is evaluated. */
const evaluationRuns = 8;

export const lookaheadMnist: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "lookahead-mnist",
  summary:
    "Lookahead on a small network: sweep over learning rates, inner loops, and its hyperparameters tuned",
  paper: "Zhang, Lucas, Hinton, Ba (NeurIPS 2019), sections 5 and 6, at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const data = loadSmallMnist();
    const training = smallTraining<Theta>(data, optimizerOf, settings.horizon);
    const options = { ...estimatorOptions(settings), objective: "mean" } as const;
    let found: LookaheadStudy | undefined;
    const study = (): LookaheadStudy => (found ??= studyAll(data, settings, random.foldIn(key, "study")));
    const curve = (theta: Theta): number[] => meanCurve(training, theta, random.foldIn(key, "evaluation"));
    const rate = outerRate(
      settings.outerLearningRate,
      (to) => adam({ learningRate: to }),
      "outerLearningRate",
    );
    return {
      theta: {
        logLearningRate: np.array(Math.log(settings.learningRate)),
        momentumLogit: np.array(logit(settings.momentum)),
        alphaLogit: np.array(logit(settings.alpha)),
      },
      estimator: createEstimator(settings.estimator, training.problem, options),
      inner: innerProblem(training.problem, options, rate),
      optimizer: rate.optimizer(rate.value),
      steps: settings.steps,
      evaluate: (theta, initial) => ({
        metrics: {
          ...tuned("initial", initial, curve(initial)),
          ...tuned("tuned", theta, curve(theta)),
          ...measures(study()),
        },
        table: {
          title: `Training loss after ${settings.horizon} updates (test accuracy), means of ${settings.seeds} seeds`,
          columns: ["momentum", "learning rate", ...methodNames],
          rows: cells.map((cell, i) => [
            cell.momentum,
            cell.learningRate,
            ...methodNames.map((name) => shown(study().trained[name][i]!)),
          ]),
        },
      }),
      figures: ({ theta, initialTheta }) => [
        curvesFigure(study()),
        profileFigure(study()),
        robustnessFigure(study(), 0.9),
        robustnessFigure(study(), 0),
        tunedFigure(curve(initialTheta), curve(theta)),
      ],
    };
  },
});

function optimizerOf({ logLearningRate, momentumLogit, alphaLogit }: Theta) {
  const inner = momentum({ learningRate: np.exp(logLearningRate), momentum: nn.sigmoid(momentumLogit) });
  return lookahead(inner, { k, alpha: nn.sigmoid(alphaLogit) });
}

const logit = (x: number): number => Math.log(x / (1 - x));
const sigmoid = (x: Tensor): number => 1 / (1 + Math.exp(-x.item()));

function studyAll(data: SmallMnist, { seeds, horizon }: Config, key: Key): LookaheadStudy {
  const trained = sweep({ data, key, seeds, steps: horizon });
  const windows = Math.max(1, Math.floor((0.4 * horizon) / k));
  const profiles = [0.1, 0.2].map((learningRate) => ({
    learningRate,
    profile: innerLoopProfile({
      ...{ data, key, seeds, alpha: 0.5, learningRate, momentum: 0.9 },
      before: Math.max(1, horizon - windows * k),
      windows,
    }),
  }));
  return { trained, profiles };
}

/** Loss of each step, mean over runs from new seeds. */
function meanCurve({ problem }: NetworkTraining<Theta>, theta: Theta, key: Key): number[] {
  return [...unroll(problem, theta, { key, particles: evaluationRuns }).losses.mean(1).data];
}

function tuned(name: "initial" | "tuned", theta: Theta, curve: number[]): Record<string, number> {
  return {
    [`${name}LearningRate`]: Math.exp(theta.logLearningRate.item()),
    [`${name}Momentum`]: sigmoid(theta.momentumLogit),
    [`${name}Alpha`]: sigmoid(theta.alphaLogit),
    [`${name}MeanLoss`]: mean(curve),
  };
}

/** Numbers that the claims are about. Cells with momentum 0.9: the last four. */
function measures({ trained, profiles }: LookaheadStudy): Record<string, number> {
  const at = (name: Method, learningRate: number): Trained =>
    trained[name][cells.findIndex((cell) => cell.momentum === 0.9 && cell.learningRate === learningRate)]!;
  const { fast, slow } = profiles.at(-1)!.profile;
  const spread = (name: Method): number => {
    const losses = trained[name].slice(-4).map(({ trainLoss }) => trainLoss);
    return Math.max(...losses) / Math.min(...losses);
  };
  return {
    plainLossAt02: at("plain", 0.2).trainLoss,
    lookaheadLossAt02: at("Lookahead 0.5", 0.2).trainLoss,
    plainAccuracyAt02: at("plain", 0.2).testAccuracy,
    lookaheadAccuracyAt02: at("Lookahead 0.5", 0.2).testAccuracy,
    plainLossAt001: at("plain", 0.01).trainLoss,
    lookaheadLossAt001: at("Lookahead 0.5", 0.01).trainLoss,
    plainSpread: spread("plain"),
    lookaheadSpread: spread("Lookahead 0.5"),
    slowOverLastFast: slow / fast.at(-1)!,
  };
}

function shown({ trainLoss, testAccuracy }: Trained): string {
  return `${trainLoss.toFixed(4)} (${(100 * testAccuracy).toFixed(1)} %)`;
}

/** The papers' figures as named, runnable experiments: one line each. */
import type { Experiment } from "unspool";
import { copyTask } from "./copyTask.ts";
import { diskPacking } from "./diskPacking.ts";
import { doublePendulum } from "./doublePendulum.ts";
import { gradientCompression } from "./gradientCompression.ts";
import { influenceBalancing } from "./influenceBalancing.ts";
import { largeBatch } from "./largeBatch.ts";
import { loadedDice } from "./loadedDice.ts";
import { kfacAutoencoder } from "./kfacAutoencoder.ts";
import { learnedOptimizer, learnedOptions } from "./learnedOptimizer.ts";
import { logisticMap } from "./logisticMap.ts";
import { lookaheadMnist } from "./lookaheadMnist.ts";
import { lookaheadQuadratic } from "./lookaheadQuadratic.ts";
import { lorenzIdentification } from "./lorenzIdentification.ts";
import { metaGradientBandit } from "./metaGradientBandit.ts";
import { metaGradientExact } from "./metaGradientExact.ts";
import { metaGradientMaze } from "./metaGradientMaze.ts";
import { mnistMixed } from "./mnistMixed.ts";
import { mnistSchedule } from "./mnistSchedule.ts";
import { neuronDescent } from "./neuronDescent.ts";
import { pesVariance } from "./pesVariance.ts";
import { recurrentNetwork } from "./recurrentNetwork.ts";
import { reverseOptimizer } from "./reverseOptimizer.ts";
import { ridgeCoefficient } from "./ridgeCoefficient.ts";
import { sharpMinima } from "./sharpMinima.ts";
import { swimmer } from "./swimmer.ts";
import { tinyLearnedOptimizer } from "./tinyLearnedOptimizer.ts";
import { toyRegression } from "./toyRegression.ts";
import { updateStability } from "./updateStability.ts";

export const experiments: readonly Experiment[] = [
  influenceBalancing,
  toyRegression,
  mnistSchedule,
  mnistMixed,
  ridgeCoefficient,
  pesVariance,
  copyTask,
  lorenzIdentification,
  swimmer,
  metaGradientBandit,
  metaGradientExact,
  metaGradientMaze,
  loadedDice,
  logisticMap,
  recurrentNetwork,
  doublePendulum,
  diskPacking,
  tinyLearnedOptimizer,
  learnedOptimizer,
  updateStability,
  lookaheadQuadratic,
  sharpMinima,
  gradientCompression,
  lookaheadMnist,
  largeBatch,
  kfacAutoencoder,
  neuronDescent,
  reverseOptimizer,
] as readonly Experiment[];

export {
  copyTask,
  diskPacking,
  doublePendulum,
  gradientCompression,
  influenceBalancing,
  largeBatch,
  kfacAutoencoder,
  learnedOptimizer,
  learnedOptions,
  loadedDice,
  logisticMap,
  lookaheadMnist,
  lookaheadQuadratic,
  lorenzIdentification,
  metaGradientBandit,
  metaGradientExact,
  metaGradientMaze,
  mnistMixed,
  mnistSchedule,
  neuronDescent,
  pesVariance,
  recurrentNetwork,
  reverseOptimizer,
  ridgeCoefficient,
  sharpMinima,
  swimmer,
  tinyLearnedOptimizer,
  toyRegression,
  updateStability,
};
export { problemExperiment } from "./problemExperiment.ts";
export { compareDirections, trainer } from "./neuronStudy.ts";
export type {
  Comparison,
  Run as NeuronRun,
  Task as NeuronTask,
  Trained as TrainedOptimizer,
  Trainer,
  TrainingOptions,
} from "./neuronStudy.ts";
export { loadMnist } from "./data/mnist.ts";
export type { Mnist } from "./data/mnist.ts";

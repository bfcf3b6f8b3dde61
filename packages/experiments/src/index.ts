/** The papers' figures as named, runnable experiments: one line each. */
import type { Experiment } from "unspool";
import { copyTask } from "./copyTask.ts";
import { diskPacking } from "./diskPacking.ts";
import { doublePendulum } from "./doublePendulum.ts";
import { influenceBalancing } from "./influenceBalancing.ts";
import { loadedDice } from "./loadedDice.ts";
import { logisticMap } from "./logisticMap.ts";
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
import { ridgeCoefficient } from "./ridgeCoefficient.ts";
import { swimmer } from "./swimmer.ts";
import { tinyLearnedOptimizer } from "./tinyLearnedOptimizer.ts";
import { toyRegression } from "./toyRegression.ts";

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
  lookaheadQuadratic,
  neuronDescent,
] as readonly Experiment[];

export {
  copyTask,
  diskPacking,
  doublePendulum,
  influenceBalancing,
  loadedDice,
  logisticMap,
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
  ridgeCoefficient,
  swimmer,
  tinyLearnedOptimizer,
  toyRegression,
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

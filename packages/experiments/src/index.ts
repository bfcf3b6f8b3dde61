/** The papers' figures as named, runnable experiments: one line each. */
import type { Experiment, Study } from "unspool";
import { autoencoderTraining } from "./kfacAutoencoder/autoencoderTraining.ts";
import { compressedTraining } from "./gradientCompression/compressedTraining.ts";
import { bbob } from "./bbob/bbob.ts";
import { bbobSearch } from "./bbob/bbobSearch.ts";
import { bilevelBias } from "./bilevelBias/bilevelBias.ts";
import { copyTask } from "./copyTask/copyTask.ts";
import { datasetDistillation } from "./datasetDistillation/datasetDistillation.ts";
import { deepEquilibrium } from "./deepEquilibrium/deepEquilibrium.ts";
import { designDrone } from "./designDrone/designDrone.ts";
import { designLinear } from "./designLinear/designLinear.ts";
import { linearTraining } from "./designLinear/linearTraining.ts";
import { designMassSpring } from "./designMassSpring/designMassSpring.ts";
import { designMicrogrid } from "./designMicrogrid/designMicrogrid.ts";
import { diskPacking } from "./diskPacking/diskPacking.ts";
import { doublePendulum } from "./doublePendulum/doublePendulum.ts";
import { gradientCompression } from "./gradientCompression/gradientCompression.ts";
import { implicitMaml } from "./implicitMaml/implicitMaml.ts";
import { influenceBalancing } from "./influenceBalancing/influenceBalancing.ts";
import { largeBatch } from "./largeBatch/largeBatch.ts";
import { largeBatchTuning } from "./largeBatch/largeBatchTuning.ts";
import { loadedDice } from "./loadedDice/loadedDice.ts";
import { enasHybrid } from "./enasHybrid/enasHybrid.ts";
import { hybridSearch } from "./enasHybrid/hybridSearch.ts";
import { enasSwimmer } from "./enasSwimmer/enasSwimmer.ts";
import { evidenceWeightDecay } from "./evidenceWeightDecay/evidenceWeightDecay.ts";
import { priorTraining } from "./evidenceWeightDecay/priorTraining.ts";
import { invarianceMnist } from "./invarianceMnist/invarianceMnist.ts";
import { invarianceRings } from "./invarianceRings/invarianceRings.ts";
import { ringTraining } from "./invarianceRings/ringTraining.ts";
import { kfacAutoencoder } from "./kfacAutoencoder/kfacAutoencoder.ts";
import { learnedOptimizer, learnedOptions } from "./learnedOptimizer/learnedOptimizer.ts";
import { learnedOptimizerRivals } from "./learnedOptimizer/learnedOptimizerRivals.ts";
import { logisticMap } from "./logisticMap/logisticMap.ts";
import { lookaheadMnist } from "./lookaheadMnist/lookaheadMnist.ts";
import { lookaheadTuning } from "./lookaheadMnist/lookaheadTuning.ts";
import { lookaheadQuadratic } from "./lookaheadQuadratic/lookaheadQuadratic.ts";
import { lorenzIdentification } from "./lorenzIdentification/lorenzIdentification.ts";
import { metaGradientBandit } from "./metaGradientBandit/metaGradientBandit.ts";
import { metaGradientEnumerated } from "./metaGradientExact/metaGradientEnumerated.ts";
import { metaGradientExact } from "./metaGradientExact/metaGradientExact.ts";
import { metaGradientMaze } from "./metaGradientMaze/metaGradientMaze.ts";
import { mnistMixed } from "./mnistMixed/mnistMixed.ts";
import { mnistMixedRivals } from "./mnistMixed/mnistMixedRivals.ts";
import { mnistSchedule } from "./mnistSchedule/mnistSchedule.ts";
import { neuronDescent } from "./neuronDescent/neuronDescent.ts";
import { neuronDirections, neuronTraining } from "./neuronDescent/neuronTraining.ts";
import { pesVariance } from "./pesVariance/pesVariance.ts";
import { principalSubspaceStudy } from "./principalSubspace/principalSubspace.ts";
import { subspaceTraining } from "./principalSubspace/subspaceTraining.ts";
import { recurrentNetwork } from "./recurrentNetwork/recurrentNetwork.ts";
import { reverseOptimizer } from "./reverseOptimizer/reverseOptimizer.ts";
import { ridgeCoefficient } from "./ridgeCoefficient/ridgeCoefficient.ts";
import { sharpMinima } from "./sharpMinima/sharpMinima.ts";
import { sharpTraining } from "./sharpMinima/sharpTraining.ts";
import { swimmer } from "./swimmer/swimmer.ts";
import { tinyLearnedOptimizer } from "./tinyLearnedOptimizer/tinyLearnedOptimizer.ts";
import { toyRegression } from "./toyRegression/toyRegression.ts";
import { controlTraining } from "./zoac/controlTraining.ts";
import { zoacAcc } from "./zoac/zoacAcc.ts";
import { zoacCartpole } from "./zoac/zoacCartpole.ts";
import { updateStability } from "./updateStability/updateStability.ts";

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
  hybridSearch,
  enasSwimmer,
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
  implicitMaml,
  deepEquilibrium,
  sharpTraining,
  compressedTraining,
  lookaheadTuning,
  largeBatchTuning,
  autoencoderTraining,
  neuronTraining,
  neuronDirections,
  reverseOptimizer,
  datasetDistillation,
  bilevelBias,
  subspaceTraining,
  invarianceMnist,
  ringTraining,
  priorTraining,
  designMassSpring,
  designMicrogrid,
  designDrone,
  linearTraining,
  controlTraining,
  bbobSearch,
] as readonly Experiment[];

/** Experiments that are made of runs. */
export const studies: readonly Study[] = [
  neuronDescent,
  sharpMinima,
  gradientCompression,
  kfacAutoencoder,
  lookaheadMnist,
  largeBatch,
  mnistMixedRivals,
  learnedOptimizerRivals,
  metaGradientEnumerated,
  principalSubspaceStudy,
  invarianceRings,
  evidenceWeightDecay,
  designLinear,
  zoacCartpole,
  zoacAcc,
  enasHybrid,
  bbob,
];

export {
  autoencoderTraining,
  bbob,
  bbobSearch,
  bilevelBias,
  compressedTraining,
  controlTraining,
  copyTask,
  datasetDistillation,
  deepEquilibrium,
  designDrone,
  designLinear,
  designMassSpring,
  designMicrogrid,
  diskPacking,
  doublePendulum,
  enasHybrid,
  enasSwimmer,
  gradientCompression,
  hybridSearch,
  implicitMaml,
  influenceBalancing,
  invarianceMnist,
  invarianceRings,
  largeBatch,
  largeBatchTuning,
  kfacAutoencoder,
  learnedOptimizer,
  learnedOptimizerRivals,
  learnedOptions,
  linearTraining,
  loadedDice,
  logisticMap,
  lookaheadMnist,
  lookaheadQuadratic,
  lookaheadTuning,
  lorenzIdentification,
  metaGradientBandit,
  metaGradientEnumerated,
  metaGradientExact,
  metaGradientMaze,
  mnistMixed,
  mnistMixedRivals,
  mnistSchedule,
  neuronDescent,
  neuronDirections,
  neuronTraining,
  pesVariance,
  principalSubspaceStudy,
  priorTraining,
  recurrentNetwork,
  reverseOptimizer,
  ridgeCoefficient,
  ringTraining,
  sharpMinima,
  sharpTraining,
  subspaceTraining,
  swimmer,
  tinyLearnedOptimizer,
  toyRegression,
  updateStability,
  zoacAcc,
  zoacCartpole,
};
export { problemExperiment } from "./shared/problemExperiment.ts";
export { compareDirections } from "./neuronDescent/directionDescent.ts";
export type { Comparison, DirectionOptions } from "./neuronDescent/directionDescent.ts";
export { trainer } from "./neuronDescent/networkDescent.ts";
export type {
  NetworkDescentOptions,
  Run as NeuronRun,
  Task as NeuronTask,
  Trained as TrainedOptimizer,
  Trainer,
} from "./neuronDescent/networkDescent.ts";
export { loadMnist } from "./shared/data/mnist.ts";
export type { Mnist } from "./shared/data/mnist.ts";
export { mujocoEnvironment } from "./mujoco/mujocoEnvironment.ts";
export type {
  Body as MujocoBody,
  Moved as MujocoMoved,
  MujocoEnvironmentOptions,
} from "./mujoco/mujocoEnvironment.ts";
export { mujocoEnvironments } from "./mujoco/mujocoEnvironments.ts";
export type { MujocoEntry } from "./mujoco/mujocoEnvironments.ts";
export { mujocoPool } from "./mujoco/mujocoPool.ts";
export { mujocoPlayer } from "./mujoco/players.ts";
export type { MujocoPlayerOptions } from "./mujoco/players.ts";

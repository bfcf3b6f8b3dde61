/** The papers' figures as named, runnable experiments, by system. */
import type { Experiment, Study } from "unspool";
import { systems } from "./systems.ts";

export { systems } from "./systems.ts";
export type { System } from "./systems.ts";

const named = systems.flatMap((system) => system.named);

const isStudy = (each: Experiment | Study): each is Study => "cells" in each;

export const experiments: readonly Experiment[] = named.filter((each): each is Experiment => !isStudy(each));

/** Experiments that are made of runs. */
export const studies: readonly Study[] = named.filter(isStudy);

export { autoencoderTraining } from "./kfacAutoencoder/autoencoderTraining.ts";
export { bbob } from "./bbob/bbob.ts";
export { bbobSearch } from "./bbob/bbobSearch.ts";
export { bilevelBias } from "./bilevelBias/bilevelBias.ts";
export { compressedTraining } from "./gradientCompression/compressedTraining.ts";
export { controlTraining } from "./zoac/controlTraining.ts";
export { copyTask } from "./copyTask/copyTask.ts";
export { datasetDistillation } from "./datasetDistillation/datasetDistillation.ts";
export { deepEquilibrium } from "./deepEquilibrium/deepEquilibrium.ts";
export { designDrone } from "./designDrone/designDrone.ts";
export { designLinear } from "./designLinear/designLinear.ts";
export { designMassSpring } from "./designMassSpring/designMassSpring.ts";
export { designMicrogrid } from "./designMicrogrid/designMicrogrid.ts";
export { diskPacking } from "./diskPacking/diskPacking.ts";
export { doublePendulum } from "./doublePendulum/doublePendulum.ts";
export { enasHybrid } from "./enasHybrid/enasHybrid.ts";
export { enasSwimmer } from "./enasSwimmer/enasSwimmer.ts";
export { gradientCompression } from "./gradientCompression/gradientCompression.ts";
export { hybridSearch } from "./enasHybrid/hybridSearch.ts";
export { implicitMaml } from "./implicitMaml/implicitMaml.ts";
export { influenceBalancing } from "./influenceBalancing/influenceBalancing.ts";
export { invarianceMnist } from "./invarianceMnist/invarianceMnist.ts";
export { invarianceRings } from "./invarianceRings/invarianceRings.ts";
export { largeBatch } from "./largeBatch/largeBatch.ts";
export { largeBatchTuning } from "./largeBatch/largeBatchTuning.ts";
export { kfacAutoencoder } from "./kfacAutoencoder/kfacAutoencoder.ts";
export { learnedOptimizer, learnedOptions } from "./learnedOptimizer/learnedOptimizer.ts";
export { learnedOptimizerHeldOut } from "./learnedPool/learnedOptimizerHeldOut.ts";
export { learnedOptimizerPool } from "./learnedPool/learnedOptimizerPool.ts";
export { learnedOptimizerRivals } from "./learnedOptimizer/learnedOptimizerRivals.ts";
export { linearTraining } from "./designLinear/linearTraining.ts";
export { loadedDice } from "./loadedDice/loadedDice.ts";
export { logisticMap } from "./logisticMap/logisticMap.ts";
export { lookaheadMnist } from "./lookaheadMnist/lookaheadMnist.ts";
export { lookaheadQuadratic } from "./lookaheadQuadratic/lookaheadQuadratic.ts";
export { lookaheadTuning } from "./lookaheadMnist/lookaheadTuning.ts";
export { lorenzIdentification } from "./lorenzIdentification/lorenzIdentification.ts";
export { metaGradientBandit } from "./metaGradientBandit/metaGradientBandit.ts";
export { metaGradientCurves } from "./metaGradientCurves/metaGradientCurves.ts";
export { metaGradientEnumerated } from "./metaGradientExact/metaGradientEnumerated.ts";
export { metaGradientExact } from "./metaGradientExact/metaGradientExact.ts";
export { metaGradientNetworks } from "./metaGradientNetworks/metaGradientNetworks.ts";
export { metaGradientMaze } from "./metaGradientMaze/metaGradientMaze.ts";
export { mnistMixed } from "./mnistMixed/mnistMixed.ts";
export { mnistMixedRivals } from "./mnistMixed/mnistMixedRivals.ts";
export { mnistSchedulePaper } from "./mnistSchedulePaper/mnistSchedulePaper.ts";
export { mnistSchedule } from "./mnistSchedule/mnistSchedule.ts";
export { neuronDescent } from "./neuronDescent/neuronDescent.ts";
export { neuronDirections, neuronTraining } from "./neuronDescent/neuronTraining.ts";
export { pesVariance } from "./pesVariance/pesVariance.ts";
export { principalSubspaceStudy } from "./principalSubspace/principalSubspace.ts";
export { priorTraining } from "./evidenceWeightDecay/priorTraining.ts";
export { recurrentNetwork } from "./recurrentNetwork/recurrentNetwork.ts";
export { reverseOptimizer } from "./reverseOptimizer/reverseOptimizer.ts";
export { ridgeCoefficient } from "./ridgeCoefficient/ridgeCoefficient.ts";
export { ringTraining } from "./invarianceRings/ringTraining.ts";
export { sharpMinima } from "./sharpMinima/sharpMinima.ts";
export { sharpTraining } from "./sharpMinima/sharpTraining.ts";
export { subspaceTraining } from "./principalSubspace/subspaceTraining.ts";
export { swimmer } from "./swimmer/swimmer.ts";
export { tinyLearnedOptimizer } from "./tinyLearnedOptimizer/tinyLearnedOptimizer.ts";
export { toyRegression } from "./toyRegression/toyRegression.ts";
export { updateStability } from "./updateStability/updateStability.ts";
export { zoacAcc } from "./zoac/zoacAcc.ts";
export { zoacCartpole } from "./zoac/zoacCartpole.ts";
export { zoacSwimmer } from "./zoac/zoacSwimmer.ts";
export { stateTraining } from "./quantumThermal/stateTraining.ts";
export { sequenceTraining } from "./quantumThermal/sequenceTraining.ts";
export { quantumThermal } from "./quantumThermal/quantumThermal.ts";
export { quantumImaginaryTime } from "./quantumImaginaryTime/quantumImaginaryTime.ts";
export { quantumRealTime } from "./quantumRealTime/quantumRealTime.ts";
export { ppoTraining } from "./zoac/ppoTraining.ts";
export { driftTraining } from "./sixoDrift/driftTraining.ts";
export { volatilityTraining } from "./sixoVolatility/volatilityTraining.ts";
export { currentTraining } from "./sixoNeuron/currentTraining.ts";
export { sixoDrift } from "./sixoDrift/sixoDrift.ts";
export { sixoVolatility } from "./sixoVolatility/sixoVolatility.ts";
export { sixoNeuron } from "./sixoNeuron/sixoNeuron.ts";
export { linearLearning } from "./filteringLinear/linearLearning.ts";
export { linearDivergence } from "./filteringLinear/linearDivergence.ts";
export { chaoticFilter } from "./filteringChaotic/chaoticFilter.ts";
export { frameCoding } from "./filteringDigits/frameCoding.ts";
export { filteringLinear } from "./filteringLinear/filteringLinear.ts";
export { filteringChaotic } from "./filteringChaotic/filteringChaotic.ts";
export { filteringDigits } from "./filteringDigits/filteringDigits.ts";
export { fabTraining } from "./fab/fabTraining.ts";
export { fabMixture } from "./fab/fabMixture.ts";
export { fabManyWell } from "./fab/fabManyWell.ts";
export { fabDoubleWell } from "./fab/fabDoubleWell.ts";
export { fabDihedral } from "./fab/fabDihedral.ts";
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
export { mujocoChoices, mujocoPlayer } from "./mujoco/players.ts";
export type { MujocoPlayerOptions } from "./mujoco/players.ts";

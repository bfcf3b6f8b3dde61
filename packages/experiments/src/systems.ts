/** The systems from the literature that Unspool is of, in their order, and the experiments and studies of each. */
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
import { learnedOptimizer } from "./learnedOptimizer/learnedOptimizer.ts";
import { learnedOptimizerRivals } from "./learnedOptimizer/learnedOptimizerRivals.ts";
import { learnedOptimizerHeldOut } from "./learnedPool/learnedOptimizerHeldOut.ts";
import { learnedOptimizerPool } from "./learnedPool/learnedOptimizerPool.ts";
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
import { metaGradientNetworks } from "./metaGradientNetworks/metaGradientNetworks.ts";
import { metaGradientCurves } from "./metaGradientCurves/metaGradientCurves.ts";
import { mnistSchedulePaper } from "./mnistSchedulePaper/mnistSchedulePaper.ts";
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
import { zoacSwimmer } from "./zoac/zoacSwimmer.ts";
import { stateTraining } from "./quantumThermal/stateTraining.ts";
import { sequenceTraining } from "./quantumThermal/sequenceTraining.ts";
import { quantumThermal } from "./quantumThermal/quantumThermal.ts";
import { quantumImaginaryTime } from "./quantumImaginaryTime/quantumImaginaryTime.ts";
import { quantumRealTime } from "./quantumRealTime/quantumRealTime.ts";
import { ppoTraining } from "./zoac/ppoTraining.ts";
import { driftTraining } from "./sixoDrift/driftTraining.ts";
import { volatilityTraining } from "./sixoVolatility/volatilityTraining.ts";
import { currentTraining } from "./sixoNeuron/currentTraining.ts";
import { sixoDrift } from "./sixoDrift/sixoDrift.ts";
import { sixoVolatility } from "./sixoVolatility/sixoVolatility.ts";
import { sixoNeuron } from "./sixoNeuron/sixoNeuron.ts";
import { linearLearning } from "./filteringLinear/linearLearning.ts";
import { linearDivergence } from "./filteringLinear/linearDivergence.ts";
import { chaoticFilter } from "./filteringChaotic/chaoticFilter.ts";
import { frameCoding } from "./filteringDigits/frameCoding.ts";
import { filteringLinear } from "./filteringLinear/filteringLinear.ts";
import { filteringChaotic } from "./filteringChaotic/filteringChaotic.ts";
import { filteringDigits } from "./filteringDigits/filteringDigits.ts";
import { fabTraining } from "./fab/fabTraining.ts";
import { fabMixture } from "./fab/fabMixture.ts";
import { fabManyWell } from "./fab/fabManyWell.ts";
import { fabDoubleWell } from "./fab/fabDoubleWell.ts";
import { fabDihedral } from "./fab/fabDihedral.ts";

export interface System {
  readonly title: string;
  /** Experiments, and studies, which are made of runs: what `unspool run NAME` takes. */
  readonly named: readonly (Experiment | Study)[];
}

/** A system's number is its place, counted from 1: README's table has the same. */
export const systems: readonly System[] = [
  {
    title: "Persistent evolution strategies",
    named: [
      influenceBalancing,
      toyRegression,
      mnistSchedule,
      mnistMixed,
      ridgeCoefficient,
      pesVariance,
      copyTask,
      lorenzIdentification,
      swimmer,
      mnistMixedRivals,
      mnistSchedulePaper,
    ],
  },
  {
    title: "Bias and variance of meta-gradients",
    named: [
      metaGradientBandit,
      metaGradientExact,
      metaGradientMaze,
      loadedDice,
      metaGradientEnumerated,
      metaGradientNetworks,
      metaGradientCurves,
    ],
  },
  {
    title: "Chaos and Jacobian spectra",
    named: [logisticMap, recurrentNetwork, doublePendulum, diskPacking, tinyLearnedOptimizer],
  },
  {
    title: "Learned optimizers and their trade-offs",
    named: [learnedOptimizer, learnedOptimizerRivals, learnedOptimizerPool, learnedOptimizerHeldOut],
  },
  {
    title: "Stable learned optimizers",
    named: [updateStability],
  },
  {
    title: "Implicit bias in bilevel optimisation",
    named: [implicitMaml, deepEquilibrium, datasetDistillation, bilevelBias],
  },
  {
    title: "Gradient descent on neurons",
    named: [neuronTraining, neuronDirections, neuronDescent],
  },
  {
    title: "K-FAC",
    named: [autoencoderTraining, kfacAutoencoder],
  },
  {
    title: "Zeroth-order actor-critic",
    named: [controlTraining, zoacCartpole, zoacAcc, zoacSwimmer, ppoTraining],
  },
  {
    title: "Direct environment and policy search",
    named: [designMassSpring, designMicrogrid, designDrone, linearTraining, designLinear],
  },
  {
    title: "Lookahead",
    named: [lookaheadQuadratic, lookaheadTuning, lookaheadMnist],
  },
  {
    title: "Principal subspaces from samples",
    named: [subspaceTraining, principalSubspaceStudy],
  },
  {
    title: "SIXO: smoothing inference with twisted objectives",
    named: [driftTraining, volatilityTraining, currentTraining, sixoDrift, sixoVolatility, sixoNeuron],
  },
  {
    title: "ES-ENAS, and searches beside it",
    named: [hybridSearch, enasSwimmer, bbobSearch, enasHybrid, bbob],
  },
  {
    title: "Large-scale optimisation",
    named: [
      sharpTraining,
      compressedTraining,
      largeBatchTuning,
      sharpMinima,
      gradientCompression,
      largeBatch,
    ],
  },
  {
    title: "Invariance learning by Laplace approximations",
    named: [invarianceMnist, ringTraining, priorTraining, invarianceRings, evidenceWeightDecay],
  },
  {
    title: "Reverse engineering of learned optimizers",
    named: [reverseOptimizer],
  },
  {
    title: "Online variational filtering",
    named: [
      linearLearning,
      linearDivergence,
      chaoticFilter,
      frameCoding,
      filteringLinear,
      filteringChaotic,
      filteringDigits,
    ],
  },
  {
    title: "Flow annealed importance sampling bootstrap",
    named: [fabTraining, fabMixture, fabManyWell, fabDoubleWell, fabDihedral],
  },
  {
    title: "Quantum-probabilistic mirror descent",
    named: [stateTraining, sequenceTraining, quantumThermal, quantumImaginaryTime, quantumRealTime],
  },
] as readonly System[];

/** Ready inner problems. */
export { bbob, bbobCandidates } from "./bbob.ts";
export type { BbobEntry, BbobOptions } from "./bbob.ts";
export { influenceBalancing } from "./influenceBalancing.ts";
export type { InfluenceBalancingOptions } from "./influenceBalancing.ts";
export { linearSystem } from "./linearSystem.ts";
export type { LinearSystemOptions } from "./linearSystem.ts";
export { surface, toyRegression } from "./toyRegression.ts";
export type { ToyRegressionOptions, ToyRegressionTheta } from "./toyRegression.ts";
export {
  applyMlp,
  fanInNormal,
  glorotUniform,
  heNormal,
  initLstm,
  initMlp,
  lstmCell,
} from "../networks/index.ts";
export type { Layer, LstmState, LstmWeights } from "../networks/index.ts";
export { mixedTuning } from "./mixedTuning.ts";
export type { MixedTheta, MixedTuningOptions } from "./mixedTuning.ts";
export { ridgeLoss, ridgeTuning, ridgeWeights } from "./ridgeTuning.ts";
export type { RegressionData, RidgeTheta, RidgeTuningOptions } from "./ridgeTuning.ts";
export { crossEntropy, errorRate, learningRate, minibatch, scheduleTuning } from "./scheduleTuning.ts";
export type { LabelledData, ScheduleTheta, ScheduleTuningOptions, TrainingState } from "./scheduleTuning.ts";
export { logisticMap } from "./logisticMap.ts";
export type { LogisticMapOptions, LogisticMapTheta } from "./logisticMap.ts";
export { henonMap } from "./henonMap.ts";
export type { HenonMapOptions, HenonMapTheta } from "./henonMap.ts";
export { lorenz } from "./lorenz.ts";
export type { LorenzOptions, LorenzState, LorenzTheta } from "./lorenz.ts";
export { adaptiveRungeKutta } from "./integrators/adaptiveRungeKutta.ts";
export type { AdaptiveResult, AdaptiveRungeKuttaOptions } from "./integrators/adaptiveRungeKutta.ts";
export type { Field } from "./integrators/field.ts";
export { rungeKutta } from "./integrators/rungeKutta.ts";
export type { RungeKuttaMethod, RungeKuttaOptions } from "./integrators/rungeKutta.ts";
export { recurrentNetwork } from "./recurrentNetwork.ts";
export type { RecurrentNetworkOptions, RecurrentTheta } from "./recurrentNetwork.ts";
export {
  doublePendulum,
  pendulumEnergy,
  pendulumFrequencies,
  pendulumGravity,
  pendulumTip,
} from "./doublePendulum.ts";
export type { DoublePendulumOptions, PendulumState } from "./doublePendulum.ts";
export { diskEnergy, diskPacking, diskStart } from "./diskPacking.ts";
export type { DiskPackingOptions, DiskState, DiskTheta } from "./diskPacking.ts";
export { learnedOptimizerTheta, tinyLearnedOptimizer } from "./tinyLearnedOptimizer.ts";
export type {
  LearnedOptimizerTheta,
  TinyLearnedOptimizerOptions,
  TrainedWeights,
} from "./tinyLearnedOptimizer.ts";
export { characterModel, initCharacterModel } from "./characterModel.ts";
export type { CharacterModelOptions, CharacterModelState, CharacterModelTheta } from "./characterModel.ts";
export { markovText } from "./markovText.ts";
export type { MarkovText, MarkovTextOptions } from "./markovText.ts";
export { copyScore, copyTask, initCopyTask } from "./copyTask.ts";
export type { CopyTaskOptions, CopyTaskState, CopyTaskTheta } from "./copyTask.ts";
export { singleTask } from "./task.ts";
export type { TaskFamily, TaskOptions } from "./task.ts";
export { scaledTasks } from "./scaledTasks.ts";
export type { ScaledConfig, ScaledTasksOptions } from "./scaledTasks.ts";
export { classification } from "./classification.ts";
export type { ClassificationOptions } from "./classification.ts";
export { imageClassification } from "./imageClassification.ts";
export type { ImageClassificationOptions, ImageNetwork } from "./imageClassification.ts";
export { metaTraining } from "./metaTraining.ts";
export type { MetaTrainingOptions, MetaTrainingState } from "./metaTraining.ts";
export { evaluateHorizon } from "./evaluateHorizon.ts";
export type { EvaluateHorizonOptions, HorizonEvaluation, HorizonLosses } from "./evaluateHorizon.ts";
export { recurrentLanguageModel } from "./recurrentLanguageModel.ts";
export type { RecurrentLanguageModel, RecurrentLanguageModelOptions } from "./recurrentLanguageModel.ts";
export type { TextBatch, TextOptions } from "./textSequences.ts";
export { transformerLanguageModel } from "./transformerLanguageModel.ts";
export type {
  TransformerLanguageModel,
  TransformerLanguageModelOptions,
} from "./transformerLanguageModel.ts";
export { autoencoding } from "./autoencoding.ts";
export type { AutoencodingOptions } from "./autoencoding.ts";
export { residualClassification } from "./residualClassification.ts";
export type {
  ConvolutionBlock,
  ResidualClassificationOptions,
  ResidualNetwork,
} from "./residualClassification.ts";
export { visionTransformer } from "./visionTransformer.ts";
export type { VisionTransformer, VisionTransformerOptions } from "./visionTransformer.ts";
export { smoothLabels } from "./smoothLabels.ts";
export { mixup } from "./mixup.ts";
export type { MixedData } from "./mixup.ts";
export { batchNorm, ghostBatchNorm } from "./ghostBatchNorm.ts";
export type { BatchNormLayer, GhostBatchNormOptions, RunningStatistics } from "./ghostBatchNorm.ts";
export { networkTraining } from "./networkTraining.ts";
export type {
  Network,
  NetworkTraining,
  NetworkTrainingOptions,
  NetworkTrainingState,
} from "./networkTraining.ts";
export { noisyQuadratic } from "./noisyQuadratic.ts";
export type {
  QuadraticCurve,
  FixedPoint,
  LossCurve,
  NoisyQuadratic,
  NoisyQuadraticOptions,
  QuadraticWindow,
} from "./noisyQuadratic.ts";
export { noisyQuadraticUpdate } from "./noisyQuadraticUpdate.ts";
export type { NoisyQuadraticUpdateOptions, UpdateState, UpdateTheta } from "./noisyQuadraticUpdate.ts";
export { quadratics } from "./quadratics.ts";
export type { Quadratic, QuadraticsOptions } from "./quadratics.ts";
export { rosenbrock } from "./rosenbrock.ts";
export type { RosenbrockOptions } from "./rosenbrock.ts";
export { moons, twoMoons } from "./twoMoons.ts";
export type { TwoMoonsOptions } from "./twoMoons.ts";
export { collectStates } from "./collectStates.ts";
export type { CollectStatesOptions, CollectedStates } from "./collectStates.ts";

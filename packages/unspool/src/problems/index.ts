/** Ready inner problems. */
export { influenceBalancing } from "./influenceBalancing.ts";
export type { InfluenceBalancingOptions } from "./influenceBalancing.ts";
export { linearSystem } from "./linearSystem.ts";
export type { LinearSystemOptions } from "./linearSystem.ts";
export { surface, toyRegression } from "./toyRegression.ts";
export type { ToyRegressionOptions, ToyRegressionTheta } from "./toyRegression.ts";
export { applyMlp, initMlp } from "./mlp.ts";
export type { Layer } from "./mlp.ts";
export { crossEntropy, errorRate, learningRate, scheduleTuning } from "./scheduleTuning.ts";
export type { LabelledData, ScheduleTheta, ScheduleTuningOptions, TrainingState } from "./scheduleTuning.ts";
export { characterModel, initCharacterModel } from "./characterModel.ts";
export type { CharacterModelOptions, CharacterModelState, CharacterModelTheta } from "./characterModel.ts";
export { initLstm, lstmCell } from "./lstm.ts";
export type { LstmState, LstmWeights } from "./lstm.ts";
export { markovText } from "./markovText.ts";
export type { MarkovText, MarkovTextOptions } from "./markovText.ts";
export { copyScore, copyTask, initCopyTask } from "./copyTask.ts";
export type { CopyTaskOptions, CopyTaskState, CopyTaskTheta } from "./copyTask.ts";

/** Optimizers with parameters to be learned. */
export type { LearnedOptimizer, NetworkLayer } from "./learnedOptimizer.ts";
export { smallFc } from "./smallFc.ts";
export type { SmallFcOptions } from "./smallFc.ts";
export type { FeatureOptions, ParameterMeta, ParameterState } from "./parameterFeatures.ts";
export { star } from "./star.ts";
export type { AveragedExponents, NominalDirection, StarOptions } from "./star.ts";
export { mlpLopt } from "./mlpLopt.ts";
export type { MlpLoptMeta, MlpLoptOptions, MlpLoptState } from "./mlpLopt.ts";
export { rnnMlpLopt } from "./rnnMlpLopt.ts";
export type { RnnMlpLoptOptions, RnnMlpMeta, RnnMlpState } from "./rnnMlpLopt.ts";
export type { LossMeter } from "./lossMeter.ts";
export { nnAdam } from "./nnAdam.ts";
export type { NnAdamMeta, NnAdamOptions, NnAdamState } from "./nnAdam.ts";
export { learnableAdam, learnableMomentum, learnableSgd } from "./learnable.ts";
export type {
  AdamMeta,
  LearnableAdamOptions,
  LearnableMomentumOptions,
  LearnableSgdOptions,
  MomentumMeta,
  SgdMeta,
} from "./learnable.ts";
export { learnedSum } from "./learnedSum.ts";
export type { LearnedSumMeta, LearnedSumOptions, LearnedSumState } from "./learnedSum.ts";
export { learnedOptimizerCost } from "./cost.ts";
export type { LearnedOptimizerCost } from "./cost.ts";
export { pretrainedOptimizer, pretrainedOptimizerFile, pretrainedOptimizerNames } from "./pretrained.ts";
export { createLearnedOptimizer, learnedOptimizerNames, learnedOptimizers } from "./registry.ts";
export type { LearnedOptimizerEntry } from "./registry.ts";
export { learnedOptimizerFile, loadLearnedOptimizer } from "./learnedFile.ts";
export type { LearnedOptimizerFile, LoadedOptimizer } from "./learnedFile.ts";
export { componentwise } from "./componentwise.ts";
export type { ComponentwiseOptimizer, ComponentwiseRule, ComponentwiseState } from "./componentwise.ts";
export { cwRnn } from "./recurrent.ts";
export type { CwRnnMeta, CwRnnOptions } from "./recurrent.ts";
export type { RecurrentCellName, RecurrentGate } from "./recurrentCells.ts";
export { lds } from "./lds.ts";
export type { LdsMeta, LdsOptions } from "./lds.ts";
export { aggMo } from "./aggMo.ts";
export type { AggMoMeta, AggMoOptions } from "./aggMo.ts";
export { linearHistory } from "./linearHistory.ts";
export type { LinearHistoryMeta, LinearHistoryOptions } from "./linearHistory.ts";
export { linearDifferences } from "./linearDifferences.ts";
export type { LinearDifferencesMeta, LinearDifferencesOptions } from "./linearDifferences.ts";
export { gradientGram } from "./gradientGram.ts";
export type { GradientGramMeta, GradientGramOptions, GradientGramState } from "./gradientGram.ts";

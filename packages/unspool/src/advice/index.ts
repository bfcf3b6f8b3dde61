/** Advice: whether gradients of a problem can be trusted, and which estimator to use with which settings. */
export { diagnose } from "./diagnose.ts";
export type { DiagnoseOptions } from "./diagnose.ts";
export type { Diagnosis, GradientRegime, ThetaEvidence } from "./diagnosis.ts";
export { contenderOf } from "./contender.ts";
export type { Contender } from "./contender.ts";
export { trialSettings } from "./trialSettings.ts";
export type { Finalist, Recommendation } from "./recommend.ts";
export type { NonFiniteOrigin } from "./nonFiniteOrigin.ts";
export { compareProgress } from "./compareProgress.ts";
export type {
  CompareProgressOptions,
  MeasuredProgress,
  ProgressComparison,
  ProgressPoint,
} from "./compareProgress.ts";
export { trialRun } from "./trialRun.ts";
export type { TrialOptions, TrialRun } from "./trialRun.ts";
export { isSameSetting, optionsOf } from "./trialSetting.ts";
export type { TrialSetting } from "./trialSetting.ts";
export { analyseOptimizer } from "./analyseOptimizer.ts";
export type { AnalyseOptimizerOptions, OptimizerAnalysis, OverGradients } from "./analyseOptimizer.ts";
export { analysisFigures } from "./analysisFigures.ts";
export { analysisWords } from "./analysisWords.ts";

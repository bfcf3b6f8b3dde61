/** What a loop does to gradients, measured: spectra, growth, bias and variance of estimators. */
export { byLeaf, compareEstimators } from "./compareEstimators.ts";
export type { CompareOptions, Comparison, FailedMeasurement } from "./compareEstimators.ts";
export type { EstimatorMeasurement } from "./measureEstimator.ts";
export { isDeterministic, referenceGradient } from "./referenceGradient.ts";
export type { ReferenceGradient, ReferenceMethod, ReferenceOptions } from "./referenceGradient.ts";
export { measuredHorizon } from "./measuredHorizon.ts";
export { trajectoryGradients } from "./trajectoryGradients.ts";
export type { TrajectoryOptions, TrajectorySample } from "./trajectoryGradients.ts";
export { lyapunov } from "./lyapunov.ts";
export type { LyapunovOptions, LyapunovResult } from "./lyapunov.ts";
export { stateJacobian, stateJacobians } from "./stateJacobian.ts";
export type { StateJacobianOptions, StateJacobiansOptions } from "./stateJacobian.ts";
export { jacobianSpectrum } from "./jacobianSpectrum.ts";
export type { JacobianSpectrum } from "./jacobianSpectrum.ts";
export { gradientGrowth } from "./gradientGrowth.ts";
export type { GradientGrowthOptions, GradientGrowthResult } from "./gradientGrowth.ts";
export { productSpectrum } from "./productSpectrum.ts";
export type { ProductSpectrum, ProductSpectrumOptions } from "./productSpectrum.ts";
export { gradientVariance } from "./gradientVariance.ts";
export type {
  EstimateSpread,
  GradientVarianceOptions,
  GradientVarianceResult,
  HorizonVariance,
} from "./gradientVariance.ts";
export { lossSlice } from "./lossSlice.ts";
export type { LossSliceOptions, LossSliceResult } from "./lossSlice.ts";
export { derivativeMismatch } from "./derivativeMismatch.ts";
export type { DerivativeMismatch, DerivativeMismatchOptions } from "./derivativeMismatch.ts";
export { kaplanYorkeDimension } from "./kaplanYorkeDimension.ts";
export type { KaplanYorkeOptions } from "./kaplanYorkeDimension.ts";
export { motionJumps } from "./motionJumps.ts";
export type { MotionJumps, MotionJumpsOptions } from "./motionJumps.ts";
export { chaosReport } from "./chaosReport.ts";
export type { ChaosReport, ChaosReportOptions } from "./chaosReport.ts";
export type { StepSpectrum } from "./stepSpectra.ts";
export type { ChaosVerdict } from "./chaosVerdict.ts";
export { gradientRegime, lossGrowth, usableSteps } from "./gradientRegime.ts";
export type { LoopRegime, RegimeEvidence } from "./gradientRegime.ts";
export { heavyTailWords, isHeavyTailed } from "./heavyTails.ts";
export type { TailEvidence } from "./heavyTails.ts";
export { shadowing } from "./shadowing.ts";
export type { ShadowingOptions, ShadowingResult } from "./shadowing.ts";
export { stateSizes } from "./stateSizes.ts";
export type { StateSizes, TreeSize } from "./stateSizes.ts";
export { totalVariance, unitGradients } from "./unitGradients.ts";
export type { MeasuredVariance, UnitGradientOptions, UnitGradients } from "./unitGradients.ts";
export { pairVariances, windowSquares } from "./varianceLaw.ts";
export type { PairVariances } from "./varianceLaw.ts";
export { mergeWindows, windowGradients } from "./windowGradients.ts";
export type { WindowGradientOptions, WindowGradients } from "./windowGradients.ts";
export { sharpness } from "./sharpness.ts";
export type { Sharpness, SharpnessOptions } from "./sharpness.ts";
export { epsSharpness } from "./epsSharpness.ts";
export type { EpsSharpness, EpsSharpnessOptions } from "./epsSharpness.ts";
export { meanNoiseScale, noiseScale, noiseScaleMeter } from "./noiseScale.ts";
export type { NoiseScale, NoiseScaleMeter, SquaredNorms } from "./noiseScale.ts";
export { relativeDecrease } from "./relativeDecrease.ts";
export { updateCosine } from "./updateCosine.ts";
export { speedupOverAdam } from "./speedupOverAdam.ts";
export type { SpeedupOverAdam, SpeedupOverAdamOptions } from "./speedupOverAdam.ts";
export { momentumStability, updateStability } from "./updateStability.ts";
export type { MomentumStabilityOptions, UpdateStability, UpdateStabilityOptions } from "./updateStability.ts";
export * from "./closedForms/index.ts";
export * from "./dynamics/index.ts";
export { eigensystem, median, moments, pca, vectorNorm } from "../numerics/index.ts";
export type {
  Complex,
  ComplexMatrix,
  Eigensystem,
  Eigenvalues,
  Moments,
  PrincipalComponents,
  SampleStatistics,
  SquareMatrix,
} from "../numerics/index.ts";

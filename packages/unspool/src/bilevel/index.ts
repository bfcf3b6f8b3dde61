/** Bilevel optimisation: outer parameters, and weights that are trained on them. */
export { bilevel } from "./bilevel.ts";
export type { BilevelOptions } from "./bilevel.ts";
export type { BilevelState, BilevelTheta } from "./outerSteps.ts";
export type { BilevelLosses, BilevelProblem } from "./bilevelProblem.ts";
export { hypergradient } from "./hypergradient.ts";
export type { Hypergradient, HypergradientInfo } from "./hypergradient.ts";
export { hypergradientKinds } from "./hypergradientOptions.ts";
export type { HypergradientKind, HypergradientOptions } from "./hypergradientOptions.ts";
export type { InnerSolver, InnerSteps, SolverFunction } from "./innerSolver.ts";
export { retrainGap } from "./retrainGap.ts";
export type { RetrainGap, RetrainGapOptions, RetrainOptions } from "./retrainGap.ts";
export { responseSpectrum, spectralFilter } from "./responseSpectrum.ts";
export type { ResponseSpectrum } from "./responseSpectrum.ts";
export { quadraticBilevel } from "./tasks/quadraticBilevel.ts";
export type {
  QuadraticBilevel,
  QuadraticBilevelOptions,
  QuadraticCoefficients,
} from "./tasks/quadraticBilevel.ts";
export { solutionConcepts } from "./tasks/solutionConcepts.ts";
export type { Solution, SolutionConcepts, SolutionOptions } from "./tasks/solutionConcepts.ts";
export { forwardUnrolled, reverseUnrolled } from "./unrolledHypergradient.ts";
export type { UnrolledResponse } from "./unrolledHypergradient.ts";
export { rotatingLine } from "./tasks/rotatingLine.ts";
export type { RotatingLine, RotatingLineOptions } from "./tasks/rotatingLine.ts";
export { antidistillation } from "./tasks/antidistillation.ts";
export type {
  Antidistillation,
  AntidistillationLimit,
  AntidistillationOptions,
} from "./tasks/antidistillation.ts";
export { discAndRing } from "./tasks/discAndRing.ts";
export type { DiscAndRing, DiscAndRingOptions } from "./tasks/discAndRing.ts";
export { distillation } from "./tasks/distillation.ts";
export type { Distillation, DistillationOptions, Distilled, Examples } from "./tasks/distillation.ts";
export { featurePenalties } from "./tasks/featurePenalties.ts";
export type { FeaturePenalties, FeaturePenaltiesOptions } from "./tasks/featurePenalties.ts";
export { dataWeighting } from "./tasks/dataWeighting.ts";
export type { DataWeighting, DataWeightingOptions } from "./tasks/dataWeighting.ts";
export { bilevelComparison } from "./bilevelComparison.ts";
export type { BilevelComparison, BilevelComparisonOptions } from "./bilevelComparison.ts";
export { unrolledProblem } from "./unrolledProblem.ts";
export type { UnrolledOptions, UnrolledState } from "./unrolledProblem.ts";
export { implicitFixedPoint } from "./implicitFixedPoint.ts";
export { implicitRoot } from "./implicitRoot.ts";
export type { ImplicitFixedPointOptions } from "./implicitFixedPoint.ts";
export type { ImplicitOptions } from "./implicitRoot.ts";
export { conjugateGradient, direct, neumann, normalEquations } from "./linearSolvers.ts";
export type { ConjugateGradientOptions, LinearSolver, NeumannOptions } from "./linearSolvers.ts";
export { learnedAugmentation } from "./tasks/learnedAugmentation.ts";
export type {
  ClassAugmentation,
  LearnedAugmentation,
  LearnedAugmentationOptions,
} from "./tasks/learnedAugmentation.ts";

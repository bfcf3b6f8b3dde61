/** Markov kernels that leave a density between flow and target as it is: what moves chains at each level. */
import type { Key, Tensor } from "../../../array/index.ts";
import type { AnnealedPath, AnnealedPoints } from "./annealedPoints.ts";

/** Step sizes that follow the acceptance: × `factor` above the target, ÷ below. */
export interface StepTuning {
  /** Mean acceptance probability that is sought. */
  target: number;
  factor: number;
}

export interface Transition {
  readonly name: string;
  /** First step size of every level. */
  readonly stepSize: number;
  /** Undefined: step sizes stay. */
  readonly tuning: StepTuning | undefined;
  readonly needsGradients: boolean;
  /** Evaluations of flow and target per chain and level. */
  readonly evaluations: number;
  /** Its options, for recipes. */
  readonly options: Readonly<Record<string, number | boolean>>;
  /** Moves all chains at one level. `acceptance` is the mean acceptance probability, a scalar. */
  move(context: TransitionContext): { points: AnnealedPoints; acceptance: Tensor };
}

export interface TransitionContext {
  path: AnnealedPath;
  points: AnnealedPoints;
  /** Scalar. */
  beta: Tensor;
  /** Scalar. */
  stepSize: Tensor;
  key: Key;
}
